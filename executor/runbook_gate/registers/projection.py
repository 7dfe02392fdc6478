"""From a raw answer to what may be kept of it (records.md, rows `every register` to `exceptions`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from runbook_gate.canonical import sha256_hex
from runbook_gate.documents import Malformed, load_document
from runbook_gate.models.base import Record
from runbook_gate.models.register import RegisterAnswer, Registers
from runbook_gate.registers.envelope import Envelope, NotAnEnvelopeError, envelope
from runbook_gate.registers.pages import MovedError, whole
from runbook_gate.registers.protocol import RawAnswer, RegisterSource
from runbook_gate.registers.records import Target, baseline, inventory, ownership, waiver
from runbook_gate.shapes import mapping

R = TypeVar("R", bound=Record)
RecordOf = Callable[[Mapping[str, Any], Target], R | None]

SOURCES = ("namespace_baseline", "platform_exceptions", "cluster_inventory", "namespace_ownership")


def read_registers(source: RegisterSource, names: frozenset[str], target: Target) -> Registers:
    """Read and project the registers of the pod security runbook.

    Args:
        source: where they come from.
        names: which are read; any other is recorded as missing, `not_requested`.
        target: what the gather is about.
    """

    def read(name: str) -> RawAnswer:
        return source.read(name) if name in names else RawAnswer("missing", "not_requested", 0)

    return Registers(
        namespace_baseline=register_answer(read("namespace_baseline"), target, baseline),
        platform_exceptions=register_answer(read("platform_exceptions"), target, waiver),
        cluster_inventory=register_answer(read("cluster_inventory"), target, inventory),
        namespace_ownership=register_answer(read("namespace_ownership"), target, ownership),
    )


def register_answer(raw: RawAnswer, target: Target, record_of: RecordOf[R]) -> RegisterAnswer[R]:
    """Project one register's answer."""
    if raw.content is None:
        return _without(raw, raw.outcome, raw.problem)
    try:
        read = read_envelope(raw)
    except MovedError as fault:
        return _without(raw, "unanswered", fault.problem)
    except (Malformed, NotAnEnvelopeError) as fault:
        return _without(raw, "malformed", fault.problem)
    kept = [record for record in (record_of(mapping(one), target) for one in read.records) if record]
    return RegisterAnswer(
        outcome="answered",
        problem=None,
        read_at_ms=raw.read_at_ms,
        sha256=_digest(raw),
        source_id=read.source_id,
        schema_id=read.schema_id,
        version=read.version,
        as_of_ms=read.as_of_ms,
        scope=read.scope,
        complete=read.complete,
        total=read.total,
        records=kept,
        dropped=len(read.records) - len(kept),
    )


def read_envelope(raw: RawAnswer) -> Envelope:
    """The envelope of an answer, of all its pages together.

    Raises:
        Malformed: a page is no document.
        NotAnEnvelopeError: a page is none, or one of another register.
        MovedError: the register changed between two pages.
    """
    return whole([envelope(load_document(page, source="register")) for page in raw.pages])


def _digest(raw: RawAnswer) -> str | None:
    return sha256_hex(b"".join(raw.pages)) if raw.pages else None


def _without(raw: RawAnswer, outcome: Any, problem: str | None) -> RegisterAnswer[R]:
    return RegisterAnswer(
        outcome=outcome,
        problem=problem,
        read_at_ms=raw.read_at_ms,
        sha256=_digest(raw),
        source_id=None,
        schema_id=None,
        version=None,
        as_of_ms=None,
        scope=None,
        complete=None,
        total=None,
        records=[],
        dropped=0,
    )
