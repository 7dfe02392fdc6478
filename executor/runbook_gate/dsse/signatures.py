"""Signatures of envelopes: ECDSA P-256, made and verified by securesystemslib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbook_gate.dsse.envelope import DsseEnvelope
from runbook_gate.dsse.keys import key_id
from runbook_gate.errors import InvalidDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature  # type: ignore[attr-defined]


def sign(payload: bytes, payload_type: str, private: EllipticCurvePrivateKey) -> Envelope:
    """Put a payload into an envelope, signed with one key.

    Args:
        payload: its bytes.
        payload_type: its media type.
        private: an ECDSA P-256 key.
    """
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - only signed files need it
    from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined] # noqa: PLC0415

    public = private.public_key()
    envelope = Envelope(payload, payload_type, {})
    envelope.sign(CryptoSigner(private, SSlibKey.from_crypto(public, key_id(public))))
    return envelope


def fits(signature: Signature, envelope: Envelope, public: EllipticCurvePublicKey) -> bool:
    """Whether a key made this signature of an envelope.

    Args:
        signature: one of the envelope's.
        envelope: the envelope.
        public: the key.
    """
    from securesystemslib.exceptions import UnverifiedSignatureError  # noqa: PLC0415 - only signed files need it
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # noqa: PLC0415

    try:
        SSlibKey.from_crypto(public, key_id(public)).verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError:
        return False
    return True


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
    try:
        unpacked = envelope.unpacked()
        made = [found for found in unpacked.signatures.values() if found.keyid in keys]
        right = all(fits(signature, unpacked, keys[signature.keyid]) for signature in made)
    except ValueError:
        raise InvalidDocument(f"{source}: signatures must be base64, one of each key.") from None
    if not right:
        raise InvalidDocument(
            f"{source}: the signature does not fit the payload.",
            advice="The payload was changed after it was signed, or signed with another key: have it signed again.",
        )
    return made[0].keyid if made else None
