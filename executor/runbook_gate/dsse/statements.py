"""Signed statements about files: in-toto's JSON in a DSSE envelope, made and verified with ECDSA P-256."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runbook_gate.canonical import canonical_bytes
from runbook_gate.dsse.keys import key_id, public_key
from runbook_gate.dsse.signatures import fits, sign
from runbook_gate.errors import InvalidDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True)
class Stated:
    """What an envelope says, and who signed it.

    Attributes:
        statement: the statement.
        signer: id of the key that signed it; None if no key was given to verify it with.
    """

    statement: Mapping[str, Any]
    signer: str | None


def statement(subjects: Mapping[str, str], predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """Make a statement.

    Args:
        subjects: SHA-256 by name.
        predicate_type: what the predicate is.
        predicate: what is said of the subjects.

    Returns:
        Its canonical bytes.
    """
    named = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(subjects.items())]
    return canonical_bytes(
        {"_type": STATEMENT_TYPE, "subject": named, "predicateType": predicate_type, "predicate": predicate}
    )


def signed(payload: bytes, private: EllipticCurvePrivateKey) -> bytes:
    """Put a statement into an envelope.

    Args:
        payload: its bytes.
        private: an ECDSA P-256 key.

    Returns:
        The envelope as canonical JSON.
    """
    return canonical_bytes(sign(payload, PAYLOAD_TYPE, private).to_dict())


def opened(raw: bytes, public: EllipticCurvePublicKey | None, source: str) -> Stated:
    """Read an envelope, and verify it if there is a key.

    Args:
        raw: the envelope.
        public: whose signature there has to be; None to verify none.
        source: for messages.

    Raises:
        InvalidDocument: it is no envelope of a statement, or that key did not sign it.
    """
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - only signed files need it

    try:
        envelope = Envelope.from_dict(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidDocument(f"{source}: not a DSSE envelope.") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise InvalidDocument(f"{source}: its payload is not {PAYLOAD_TYPE}.")
    said = parsed(envelope.payload, source)
    if public is None:
        return Stated(said, None)
    name = key_id(public)
    signature = envelope.signatures.get(name)
    if signature is None:
        raise InvalidDocument(f"{source}: not signed by key {name}.", advice="Give the key of its signer.")
    if not fits(signature, envelope, public):
        raise InvalidDocument(f"{source}: the signature of key {name} does not fit.")
    return Stated(said, name)


def parsed(payload: bytes, source: str) -> Mapping[str, Any]:
    """The statement in a payload.

    Raises:
        InvalidDocument: it is none.
    """
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("_type") != STATEMENT_TYPE:
        raise InvalidDocument(f"{source}: not a statement of in-toto, version 1.")
    return said


def load_public_key(file: Path) -> EllipticCurvePublicKey:
    """Read a public key.

    Raises:
        InvalidDocument: it cannot be read, or is no ECDSA P-256 key.
    """
    try:
        key = public_key(file.read_bytes())
    except OSError as fault:
        raise InvalidDocument(f"--key {file}: {fault.strerror}.") from None
    if key is None:
        raise InvalidDocument(
            f"--key {file}: not an ECDSA P-256 public key in PEM.",
            advice="Make it with `openssl pkey -in KEY -pubout`.",
        )
    return key
