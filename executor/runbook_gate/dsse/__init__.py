"""Signed tasks, exports and seals: DSSE envelopes with ECDSA P-256, which openssl can make and verify too."""
