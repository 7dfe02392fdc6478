"""OPA: the bundle, the sidecar that serves it, and the one question that is asked."""
