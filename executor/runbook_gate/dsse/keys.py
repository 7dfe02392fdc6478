"""Public keys in parties data, and what they vouch for.

A key is named by the SHA-256 of what it is (its SubjectPublicKeyInfo in DER): another key has another name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runbook_gate.canonical import sha256_hex
from runbook_gate.dsse.envelope import DsseEnvelope
from runbook_gate.errors import InvalidDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


def key_id(key: EllipticCurvePublicKey) -> str:
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
    keys = {name: _public_key(pem) for name, pem in stated.items()}
    for name, key in keys.items():
        if key is None or key_id(key) != name:
            raise InvalidDocument(
                f"bundle: parties.keys of {of}: a key is not ECDSA P-256 in PEM under its own id.",
                advice="Its id is what `openssl pkey -pubin -in KEY -outform DER | sha256sum` prints.",
            )
    return {name: key for name, key in keys.items() if key is not None}


def signer_of(envelope: DsseEnvelope, keys: Mapping[str, EllipticCurvePublicKey], source: str) -> str | None:
    """Which of these keys signed an envelope.

    Signatures of other keys vouch for nothing here. Every one of these keys has to be right.

    Args:
        envelope: the envelope.
        keys: by id.
        source: name of the file, for messages.

    Returns:
        The id of the first in the envelope; None if none of them signed it.

    Raises:
        InvalidDocument: a signature under the id of one of these keys is not that key's.
    """
    from securesystemslib.exceptions import UnverifiedSignatureError  # noqa: PLC0415 - only signed tasks need it
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # noqa: PLC0415

    try:
        unpacked = envelope.unpacked()
        made = [found for found in unpacked.signatures.values() if found.keyid in keys]
        for signature in made:
            SSlibKey.from_crypto(keys[signature.keyid], signature.keyid).verify_signature(signature, unpacked.pae())
    except ValueError:
        raise InvalidDocument(f"{source}: signatures must be base64, one of each key.") from None
    except UnverifiedSignatureError:
        raise InvalidDocument(
            f"{source}: the signature does not fit the payload.",
            advice="The payload was changed after it was signed, or signed with another key: have it signed again.",
        ) from None
    return made[0].keyid if made else None


def _public_key(pem: object) -> EllipticCurvePublicKey | None:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(pem.encode()) if isinstance(pem, str) else None
    except ValueError:
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) else None
