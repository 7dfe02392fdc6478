"""Who vouches for an API server: the one authority that a kubeconfig trusts, by its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook_gate.dsse.keys import key_id
from runbook_gate.errors import InvalidDocument


def authority(access: Any, url: str) -> str:
    """The id of the authority whose certificates are believed, and no other.

    Args:
        access: what `load_access` read.
        url: of the API server.

    Returns:
        SHA-256 of its public key in DER, so that a renewed certificate keeps the id.

    Raises:
        InvalidDocument: the kubeconfig does not name exactly one, or TLS is not spoken at all.
    """
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - slow to import

    try:
        [certificate] = load_pem_x509_certificates(Path(access.ssl_ca_cert or "").read_bytes())
    except (OSError, ValueError):
        certificate = None
    if certificate is None or not url.startswith("https://"):
        raise InvalidDocument(
            "kubeconfig: an API server that says who somebody is needs https and exactly one authority.",
            advice="Name one certificate as certificate-authority of the cluster.",
        )
    return key_id(certificate.public_key())
