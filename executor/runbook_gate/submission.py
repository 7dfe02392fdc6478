"""Reads a task file. Each fault names file, field and what was expected, never the value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runbook_gate.documents import load_document
from runbook_gate.errors import InvalidDocument
from runbook_gate.expectations import expectation, field
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.task import Assurance, Submission, Task, TaskDocument
from runbook_gate.timestamps import rfc3339_ms


def read_task(path: Path) -> TaskDocument:
    """Read a task file, YAML or JSON.

    Args:
        path: the file.

    Returns:
        The task.

    Raises:
        InvalidDocument: one line for each fault, naming file, field and what was expected.
    """
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise InvalidDocument(f"{path}: {fault.strerror}.") from None
    document = load_document(raw, source=str(path))
    if not isinstance(document, dict):
        raise InvalidDocument(f"{path}: the document must be a mapping.")
    try:
        return TaskDocument.model_validate(_with_milliseconds(document, path))
    except ValidationError as fault:
        raise InvalidDocument("\n".join(_told(path, error) for error in fault.errors())) from None


def submitted(task: TaskDocument, submission: Submission) -> Task:
    """The task as the ledger keeps it."""
    return Task(**{name: getattr(task, name) for name in TaskDocument.model_fields}, submission=submission)


def _with_milliseconds(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """`prequalification.until` as RFC 3339 is what people write; `until_ms` is what is kept."""
    approval = document.get("prequalification")
    if not isinstance(approval, dict) or "until" not in approval:
        return document
    if "until_ms" in approval:
        raise InvalidDocument(f"{path}: prequalification must have either until or until_ms.")
    until_ms = rfc3339_ms(approval["until"])
    if until_ms is None:
        raise InvalidDocument(
            f'{path}: prequalification.until must be RFC 3339 in quotes, such as "2026-12-01T00:00:00Z".'
        )
    rest = {key: value for key, value in approval.items() if key != "until"}
    return {**document, "prequalification": {**rest, "until_ms": until_ms}}


def _told(path: Path, error: Any) -> str:
    return f"{path}: {field(error['loc']) or 'the task'} {expectation(error)}."


def assurance_of(task: TaskDocument, bundle: Bundle | None) -> Assurance:
    """How well the prequalification is shown: a listed name in the file is a claim, no more (design.md).

    Args:
        task: the task.
        bundle: whose parties data lists the prequalifiers; None where none is at hand, so that only cp0 can tell.

    Returns:
        `none` or `claimed`.
    """
    listed = bundle is None or task.prequalification.by in bundle.prequalifiers
    return "claimed" if listed else "none"
