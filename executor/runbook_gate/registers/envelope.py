"""The envelope that every register answers with: its fields by shape, its records as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from runbook_gate.models.register import Scope
from runbook_gate.shapes import integer, text
from runbook_gate.timestamps import rfc3339_ms

T = TypeVar("T")


class NotAnEnvelopeError(Exception):
    """A field is missing or of the wrong type.

    Attributes:
        problem: stable name of what was wrong; never the value.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Envelope:
    """An answer's own statements, and its records. The fields are those of models.register.RegisterAnswer."""

    schema_id: str
    source_id: str
    as_of_ms: int
    scope: Scope
    complete: bool
    total: int
    version: str | None
    records: list[Any]


def envelope(document: object) -> Envelope:
    """Read an envelope.

    Args:
        document: a parsed document.

    Raises:
        NotAnEnvelopeError: naming the first field that is not what it should be.
    """
    if not isinstance(document, dict):
        raise NotAnEnvelopeError("not_a_mapping")
    version = document.get("version")
    return Envelope(
        schema_id=_there(text(document.get("schema")), "schema"),
        source_id=_there(text(document.get("source_id")), "source_id"),
        as_of_ms=_there(rfc3339_ms(document.get("as_of")), "as_of"),
        scope=_there(scope(document.get("scope")), "scope"),
        complete=_there(_boolean(document.get("complete")), "complete"),
        total=_there(integer(document.get("total")), "total"),
        version=None if version is None else _there(text(version), "version"),
        records=_there(_list(document.get("records")), "records"),
    )


def scope(value: object) -> Scope | None:
    """A scope by shape: None if it is not a mapping, each field None if it is not a string."""
    if not isinstance(value, Mapping):
        return None
    return Scope(cluster_id=text(value.get("cluster_id")), namespace=text(value.get("namespace")))


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _list(value: object) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _there(value: T | None, field: str) -> T:
    if value is None:
        raise NotAnEnvelopeError(f"envelope_{field}")
    return value
