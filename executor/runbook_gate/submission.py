"""Reads a task file. Each fault names file, field and what was expected, never the value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.documents import load_document
from runbook_gate.dsse.envelope import DsseEnvelope, is_envelope, read_envelope
from runbook_gate.dsse.keys import listed_keys
from runbook_gate.dsse.signatures import signer_of
from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.expectations import expectation, field
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.task import Assurance, Signature, Submission, Task, TaskDocument
from runbook_gate.timestamps import rfc3339_ms


@dataclass(frozen=True)
class TaskFile:
    """What a task file holds.

    Attributes:
        source: its name, for messages.
        task: the task.
        envelope: the envelope that it came in; None where it came without a signature.
    """

    source: str
    task: TaskDocument
    envelope: DsseEnvelope | None


def read_task_file(path: Path) -> TaskFile:
    """Read a task file: the task in YAML or JSON, or in JSON in a DSSE envelope.

    Args:
        path: the file.

    Raises:
        InvalidDocument: one line for each fault, naming file, field and what was expected.
    """
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise InvalidDocument(f"{path}: {fault.strerror}.") from None
    source, envelope = str(path), None
    document = _mapping(raw, source)
    if is_envelope(document):
        envelope = read_envelope(document, source)
        source = f"{source}, payload"
        document = _mapping(envelope.content(str(path)), f"{source}.json")
    return TaskFile(str(path), _task(document, source), envelope)


def read_task(path: Path) -> TaskDocument:
    """The task in a task file, whoever signed it.

    Raises:
        InvalidDocument: one line for each fault, naming file, field and what was expected.
    """
    return read_task_file(path).task


def _mapping(raw: bytes, source: str) -> dict[str, Any]:
    document = load_document(raw, source=source)
    if not isinstance(document, dict):
        raise InvalidDocument(f"{source}: the document must be a mapping.")
    return document


def _task(document: dict[str, Any], source: str) -> TaskDocument:
    try:
        return TaskDocument.model_validate(_with_milliseconds(document, source))
    except ValidationError as fault:
        raise InvalidDocument("\n".join(_told(source, error) for error in fault.errors())) from None


def submitted(task: TaskDocument, submission: Submission) -> Task:
    """The task as the ledger keeps it."""
    return Task(**{name: getattr(task, name) for name in TaskDocument.model_fields}, submission=submission)


def _with_milliseconds(document: dict[str, Any], path: str) -> dict[str, Any]:
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


def _told(path: str, error: Any) -> str:
    return f"{path}: {field(error['loc']) or 'the task'} {expectation(error)}."


def assurance_of(task: TaskDocument, bundle: Bundle | None) -> Assurance:
    """How well an unsigned task shows its prequalification: a listed name in the file is a claim, no more.

    Args:
        task: the task.
        bundle: whose parties data lists the prequalifiers; None where none is at hand, so that only cp0 can tell.

    Returns:
        `none` or `claimed`.
    """
    listed = bundle is None or task.prequalification.by in bundle.prequalifiers
    return "claimed" if listed else "none"


def signature_of(file: TaskFile, bundle: Bundle | None) -> Signature | None:
    """Whose signature a task carries; None if it carries none.

    A file that says that it is signed is taken only with a good signature: it never counts as a mere claim.

    Args:
        file: the task file.
        bundle: whose parties data lists the keys of prequalifiers.

    Raises:
        InvalidDocument: no key that is listed for its prequalifier signed it, or one did not sign this payload.
        UsageFault: there is no bundle to know the keys from.
    """
    if file.envelope is None:
        return None
    if bundle is None:
        raise UsageFault(
            "A signed task needs a bundle, whose parties data has the keys.", advice="Name it with --bundle."
        )
    by = file.task.prequalification.by
    key = signer_of(file.envelope, listed_keys(bundle.keys(by), by), file.source)
    if key is None:
        raise InvalidDocument(
            f"{file.source}: not signed with a key that parties data lists for its prequalifier.",
            advice="Have the prequalifier sign it, or have the key reviewed into the parties data.",
        )
    return Signature(key=key, envelope_sha256=sha256_hex(envelope_bytes(file.envelope)))


def envelope_bytes(envelope: DsseEnvelope) -> bytes:
    """An envelope as it is kept, so that an auditor can verify it again."""
    return canonical_bytes(envelope.model_dump(mode="json", by_alias=True))
