"""Entries as bytes, and back."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.errors import LedgerBroken
from runbook_gate.models.base import Record
from runbook_gate.models.task import TaskDocument

R = TypeVar("R", bound=Record)


def plain(record: BaseModel) -> dict[str, Any]:
    """A record as it is stored.

    Args:
        record: any record.

    Returns:
        Its fields under their names in JSON.
    """
    return record.model_dump(mode="json", by_alias=True)


def seal(record: BaseModel) -> tuple[bytes, str]:
    """Fix the bytes of a record.

    Args:
        record: everything that is hashed.

    Returns:
        Its canonical bytes and their digest.

    Raises:
        CanonicalError: if it has no canonical form.
    """
    data = canonical_bytes(plain(record))
    return data, sha256_hex(data)


def unseal(model: type[R], fields: Any) -> R:
    """Make a record of fields whose bytes were verified.

    Args:
        model: what they should be.
        fields: parsed JSON.

    Returns:
        The record.

    Raises:
        LedgerBroken: if they are something else.
    """
    try:
        return model.model_validate(fields)
    except ValidationError:
        raise LedgerBroken(f"a stored record is not a {model.__name__}") from None


def document_sha256(task: TaskDocument) -> str:
    """Digest of what the submitter wrote: the task without its submission.

    Args:
        task: the task, with its submission or before it has one.

    Returns:
        The digest by which the same task is known again.
    """
    fields = plain(task)
    fields.pop("submission", None)
    return sha256_hex(canonical_bytes(fields))
