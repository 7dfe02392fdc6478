"""A DSSE envelope: a payload, its type, and who signed both."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from runbook_gate.errors import InvalidDocument
from runbook_gate.expectations import expectation, field
from runbook_gate.models.base import Closed

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope

PAYLOAD_TYPE: Final = "application/vnd.runbook-gate.task+json"
_FIELDS: Final = frozenset({"payload", "payloadType", "signatures"})
_Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class DsseSignature(Closed):
    """One signature. Which key made it is a hint, until the key verifies it."""

    keyid: str = Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$")
    sig: Annotated[_Base64, Field(max_length=1024)]


class DsseEnvelope(Closed):
    """The envelope of a task, as it is written in a file."""

    payload: _Base64
    payload_type: Literal["application/vnd.runbook-gate.task+json"] = Field(alias="payloadType")
    signatures: list[DsseSignature] = Field(min_length=1, max_length=10)

    def content(self, source: str) -> bytes:
        """The bytes that were signed.

        Raises:
            InvalidDocument: they are not in base64.
        """
        try:
            return base64.b64decode(self.payload, validate=True)
        except binascii.Error:
            raise InvalidDocument(f"{source}: payload must be base64.") from None

    def unpacked(self) -> Envelope:
        """The same as the library has it.

        Raises:
            ValueError: a signature is not in base64, or a key has several.
        """
        from securesystemslib.dsse import Envelope  # noqa: PLC0415 - only signed tasks need it

        return Envelope.from_dict(self.model_dump(by_alias=True))


def is_envelope(document: dict[str, Any]) -> bool:
    """Whether a document is meant as an envelope; a task has none of its fields."""
    return bool(_FIELDS & document.keys())


def read_envelope(document: dict[str, Any], source: str) -> DsseEnvelope:
    """Read an envelope.

    Args:
        document: the parsed file.
        source: its name, for messages.

    Raises:
        InvalidDocument: one line for each fault.
    """
    try:
        return DsseEnvelope.model_validate(document)
    except ValidationError as fault:
        told = (f"{source}: {field(error['loc'])} {expectation(error)}." for error in fault.errors())
        raise InvalidDocument("\n".join(told)) from None
