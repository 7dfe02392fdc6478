"""Signed tasks: DSSE envelopes with ECDSA P-256, which openssl can make and verify too (docs/signed-tasks.md)."""
