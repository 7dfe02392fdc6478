"""The Kubernetes API as effects see it: one request, one raw answer, and the projections that may be kept."""
