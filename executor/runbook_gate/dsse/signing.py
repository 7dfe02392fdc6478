"""Puts a task into an envelope and signs it, on the machine of its prequalifier."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_gate.canonical import canonical_bytes
from runbook_gate.dsse.envelope import PAYLOAD_TYPE, DsseEnvelope
from runbook_gate.dsse.keys import key_id
from runbook_gate.dsse.signatures import sign
from runbook_gate.errors import InvalidDocument
from runbook_gate.models.task import TaskDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


@dataclass(frozen=True)
class Signed:
    """A signed task.

    Attributes:
        envelope: the task in its envelope.
        key: id of the key that signed it.
    """

    envelope: DsseEnvelope
    key: str


def load_private_key(file: Path) -> EllipticCurvePrivateKey:
    """Read a private key.

    Raises:
        InvalidDocument: it cannot be read, or is no ECDSA P-256 key; the message never holds what stood in it.
    """
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as fault:
        raise InvalidDocument(f"--key {file}: {fault.strerror}.") from None
    except (ValueError, TypeError):
        key = None
    if not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)):
        raise InvalidDocument(
            f"--key {file}: not an ECDSA P-256 key in an unencrypted PEM file.",
            advice="Make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.",
        )
    return key


def signed(task: TaskDocument, private: EllipticCurvePrivateKey) -> Signed:
    """Sign a task in its canonical form."""
    envelope = sign(canonical_bytes(task.model_dump(mode="json", by_alias=True)), PAYLOAD_TYPE, private)
    return Signed(DsseEnvelope.model_validate(envelope.to_dict()), key_id(private.public_key()))
