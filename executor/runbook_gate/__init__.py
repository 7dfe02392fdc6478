"""runbook-gate: small, known repairs, made only while every authoritative record still agrees."""

__version__ = "0.1.0"
