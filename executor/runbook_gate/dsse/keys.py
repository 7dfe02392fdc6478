"""Public keys, and those that parties data lists.

A key is named by the SHA-256 of what it is (its SubjectPublicKeyInfo in DER): another key has another name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import InvalidDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


def key_id(key: PublicKeyTypes) -> str:
    """The name of a key: `openssl pkey -pubin -in KEY -outform DER | sha256sum`."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - slow to import

    return sha256_hex(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def listed_keys(stated: Mapping[str, Any], of: str) -> dict[str, EllipticCurvePublicKey]:
    """The keys that parties data lists for one party.

    Args:
        stated: PEM by key id.
        of: the party, for messages.

    Raises:
        InvalidDocument: one is no ECDSA P-256 key, or stands under another id than its own.
    """
    keys = {name: public_key(pem.encode()) if isinstance(pem, str) else None for name, pem in stated.items()}
    for name, key in keys.items():
        if key is None or key_id(key) != name:
            raise InvalidDocument(
                f"bundle: parties.keys of {of}: a key is not ECDSA P-256 in PEM under its own id.",
                advice="Its id is what `openssl pkey -pubin -in KEY -outform DER | sha256sum` prints.",
            )
    return {name: key for name, key in keys.items() if key is not None}


def public_key(pem: bytes) -> EllipticCurvePublicKey | None:
    """The key in PEM; None if it is no ECDSA P-256 key."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(pem)
    except ValueError:
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) else None
