"""A decision input by name: a file, one that the ledger recorded, or a decision case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from runbook_gate.core.history import History
from runbook_gate.documents import Limits, load_document
from runbook_gate.errors import InvalidDocument, UnknownRecord
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Store
from runbook_gate.models.decision_input import DecisionInput
from runbook_gate.models.entry import Entry
from runbook_gate.policy import cases
from runbook_gate.shapes import mapping

_LIMITS: Final = Limits(size=16 * 1024 * 1024, depth=64, values=1_000_000)
_OF_A_CASE: Final = frozenset({"base", "input", "patch", "expected"})
_OF_AN_INPUT: Final = frozenset({"step", "opened"})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Asked:
    """A decision input.

    Attributes:
        name: for people.
        document: the input.
        bundle: the policies that decided it; None for one that no run asked.
        recorded: whether it is the ledger's own; then an executor sent it, by the schema of its time.
    """

    name: str
    document: Mapping[str, Any]
    bundle: Bundle | None = None
    recorded: bool = False


def written(path: Path) -> Asked:
    """An input in a file: the input itself, a recorded request body, or a decision case.

    Raises:
        InvalidDocument: it is none of these.
    """
    try:
        document = load_document(path.read_bytes(), source=str(path), limits=_LIMITS)
    except OSError as fault:
        raise InvalidDocument(f"{path}: {fault.strerror}.") from fault
    if mapping(mapping(document).get(path.stem)).keys() & _OF_A_CASE:
        return _case(path.resolve())
    asked = document["input"] if isinstance(document, dict) and set(document) == {"input"} else document
    if not isinstance(asked, dict):
        raise InvalidDocument(f"{path}: a decision input is an object.")
    if not asked.keys() & _OF_AN_INPUT:
        raise InvalidDocument(
            f"{path}: no decision input: it has neither `step` nor `opened`.",
            advice="A decision case has one key, the name of its file; in it `base` and `patch`, or `input`.",
        )
    return Asked(f"file {path}", asked)


def recorded(store: Store, run: str, seq: int | None) -> Asked:
    """An input that a run asked.

    Args:
        store: the ledger.
        run: the run.
        seq: position of the entry that records it; None for the newest.

    Raises:
        UnknownRecord: the run asked nothing, or nothing there.
    """
    entries = store.runs.entries(run)
    asked = [entry for entry in entries if "request" in entry.body and seq in (None, entry.seq)]
    if not asked:
        where = f"no entry {seq} that records a decision" if seq is not None else "no decision yet"
        raise UnknownRecord(f"Run {run} has {where}.", advice=f"See its entries: runbook-gate show {run}.")
    return _asked(store, entries, asked[-1])


def by_digest(store: Store, sha256: str) -> Asked:
    """An input by the digest of the request that asked it, as `show` lists it.

    Raises:
        UnknownRecord: the evidence has no request of this digest.
    """
    document = mapping(_request(store, sha256).get("input"))
    if not isinstance(document.get("run_id"), str):
        raise UnknownRecord(f"evidence {sha256} is no decision input", advice="Name the digest of a request.")
    entries = store.runs.entries(document["run_id"])
    asking = [entry for entry in entries if mapping(entry.body.get("request")).get("body_sha256") == sha256]
    return _asked(store, entries, asking[-1]) if asking else Asked(f"evidence {sha256}", document, recorded=True)


def policies_of_run(store: Store, run: str) -> tuple[Bundle, str]:
    """The policies that a run is pinned to now, and the runbook revision that its task names.

    Raises:
        UnknownRecord: there is no such run.
    """
    history = History(store.runs.entries(run))
    raw = store.evidence.get(history.pins.bundle_sha256)
    return Bundle.parse(raw, source="evidence"), history.opened.task.runbook


def is_digest(named: str) -> bool:
    """Whether this can be the digest of evidence."""
    return _DIGEST.fullmatch(named) is not None


def problems(document: object) -> list[str]:
    """The places where an input is not as `schemas/decision_input.json` describes it, each with what is wrong."""
    try:
        DecisionInput.model_validate(document)
    except ValidationError as fault:
        return [f"input.{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors()]
    return []


def _case(path: Path) -> Asked:
    """The case in a file; without a folder `decisions` around it, its base is looked for beside it."""
    folder = next((folder for folder in path.parents if folder.name == "decisions"), path.parent)
    case = cases.one(folder, str(path.relative_to(folder).with_suffix("")))
    return Asked(f"case {case.path}", case.input)


def _asked(store: Store, entries: list[Entry], entry: Entry) -> Asked:
    document = mapping(_request(store, entry.body["request"]["body_sha256"]).get("input"))
    pins = History([one for one in entries if one.seq <= entry.seq]).pins
    bundle = Bundle.parse(store.evidence.get(pins.bundle_sha256), source="evidence")
    return Asked(f"entry {entry.seq} of run {entry.run}", document, bundle, recorded=True)


def _request(store: Store, sha256: str) -> Mapping[str, Any]:
    return mapping(load_document(store.evidence.get(sha256), source=f"evidence {sha256}.json", limits=_LIMITS))
