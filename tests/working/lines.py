"""What the log of a real process says of runs, against the ledger and the API server's audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.promise.audit import told
from tests.working.conftest import Fleet

from runbook_gate.models.entry import Entry

Line = dict[str, Any]
_OF_NO_RUN = {"started"}


def assert_logged(fleet: Fleet, log: Sequence[Line]) -> None:
    """Each run can be followed by its lines alone, and each write from the API server's audit log to them."""
    lines = [line for line in log if line["event"] not in _OF_NO_RUN]
    with fleet.stage.store() as store:
        entries = {run.id: store.runs.entries(run.id) for run in fleet.runs()}
    assert {(line["run"], line["task"]) for line in lines} == {(all_[0].run, all_[0].task) for all_ in entries.values()}
    for run, all_ in entries.items():
        _assert_told(all_, [line for line in lines if line["run"] == run])
    assert sorted(line["audit_id"] for line in lines if line["event"] == "intent") == sorted(_patched(fleet))


def _assert_told(entries: Sequence[Entry], lines: Sequence[Line]) -> None:
    """Each entry has its line, in order, with its checkpoint and with the write that it comes after."""
    of_entries = [line for line in lines if "head" in line]
    said = [(line["seq"], line["head"], line.get("checkpoint")) for line in of_entries]
    assert said == [(entry.seq, entry.sha256, entry.checkpoint) for entry in entries if entry.kind != "no_decision"]
    decided = [(line["checkpoint"], line["verdict"]) for line in lines if line["event"] == "decided"]
    assert decided == [(entry.checkpoint, entry.body["verdict"]) for entry in entries if entry.kind == "decision"]
    intents = [entry for entry in entries if entry.kind == "intent"]
    for line in of_entries:
        before = [intent.sha256 for intent in intents if intent.seq <= line["seq"]]
        assert line.get("audit_id") == (before[-1] if before else None), line


def _patched(fleet: Fleet) -> Iterator[str]:
    """Audit-IDs of the executor's writes, as the API server has them."""
    events = fleet.audited()
    for target in fleet.targets:
        writes, _ = told(events, target.namespace)
        yield from (write.audit_id for write in writes if write.user == fleet.stage.identity)
