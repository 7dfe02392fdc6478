"""The four figures, over runs that are known one by one, and what would spoil each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.replay.replays import EXECUTOR, Recording, change, keep, rewrite

from runbook_gate.clock import SystemClock
from runbook_gate.core.history import History
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Store
from runbook_gate.policy.catalog import catalog
from runbook_gate.queries.completeness import gaps
from runbook_gate.queries.detections import KINDS, OTHER, UNANSWERED, kinds_of
from runbook_gate.queries.records import Told, told
from runbook_gate.queries.recovery import interrupted, written_once


def figures(call: Call, known: Recording) -> dict[str, tuple[int, int, dict[str, str]]]:
    """Count, denominator, and the runs behind it by their names."""
    by_run = {run: name for name, run in known.runs.items()}
    document = call("query", "figures", "-o", "json").document
    return {
        one["name"]: (one["count"], one["of"], {by_run[run]: why for run, why in one["runs"].items()})
        for one in document["figures"]
    }


def test_the_figures_of_the_known_runs(call: Call, known: Recording, store_file: Path) -> None:
    found = figures(call, known)
    escalated = dict.fromkeys(("waived", "foreign", "reverted"), "escalated")
    assert found == {
        "completed": (3, 7, {**escalated, "paused": "a person acted while it ran"}),
        "detected.waiver_mismatch": (1, 7, {"waived": "waiver_absence.open_waiver"}),
        "detected.ownership_drift": (1, 7, {"foreign": "drift_agreement.foreign_value"}),
        "detected.budget_exhausted": (0, 7, {}),
        "detected.verification_failed": (1, 7, {"reverted": "verification_reconciliation.readback_differs"}),
        "detected.other": (0, 7, {}),
        "records": (7, 7, {}),
        "recovered": (2, 2, {"lost": "api failure", "died": "another process"}),
    }


def test_the_table_and_the_spreadsheet(call: Call, known: Recording, store_file: Path) -> None:
    lines = call("query", "figures").out.splitlines()
    assert lines[0].split() == ["NAME", "COUNT", "OF", "SHARE", "MEANING"]
    assert lines[1].split()[:5] == ["completed", "3", "7", "42.9", "%"]
    assert call("query", "figures", "-o", "csv").out.splitlines()[0] == "name,count,of,share,meaning,runs"
    assert [one["share"] for one in call("query", "figures", "--target", "no", "-o", "json").document["figures"]] == [
        None
    ] * 8


def test_a_record_that_is_lost_or_not_as_its_schema_says(call: Call, known: Recording, store_file: Path) -> None:
    records = "SELECT record_sha256 FROM runs WHERE id = ?"
    change(store_file, f"DELETE FROM evidence WHERE sha256 = ({records})", known.runs["waived"])
    change(store_file, f"UPDATE evidence SET data = x'7b7d' WHERE sha256 = ({records})", known.runs["plain"])
    count, of, behind = figures(call, known)["records"]
    assert (count, of) == (5, 7)
    assert behind == {"waived": "escalation_packet is not kept", "plain": "completion_record is not kept"}


def test_a_record_of_another_run_or_none_at_all(call: Call, known: Recording, store_file: Path) -> None:
    other = "UPDATE runs SET record_sha256 = (SELECT record_sha256 FROM runs WHERE id = ?) WHERE id = ?"
    change(store_file, other, known.runs["foreign"], known.runs["waived"])
    no_json = "UPDATE runs SET record_sha256 = ? WHERE id = ?"
    change(store_file, no_json, keep(store_file, b"\x1f\x8b"), known.runs["plain"])
    assert figures(call, known)["records"][2] == {
        "waived": "escalation_packet is not what its entries and their evidence give",
        "plain": "completion_record is not as its schema says",
    }


def of(store: Path, run: str) -> Told:
    with Store.open(store, clock=SystemClock(), executor=EXECUTOR, read_only=True) as opened:
        [walked] = opened.reading.runs(run)
    found = told(walked)
    assert isinstance(found, Told)
    return found


def without(run: Told, *kinds: str) -> Told:
    """The run without its entries of some kinds (or some verdicts)."""
    kept = [e for e in run.history.entries if e.kind not in kinds and e.body.get("verdict") not in kinds]
    return replace(run, history=History(kept))


@pytest.mark.parametrize(
    ("left_out", "gap"),
    [
        (("retry",), "attempt 1 has no reason to be followed by another"),
        (("observation",), "attempt 1 has no outcome and is not told as in doubt"),
    ],
)
def test_a_gap_in_a_retry_ledger(known: Recording, left_out: tuple[str, ...], gap: str) -> None:
    run = of(known.store, known.runs["lost"])
    assert list(gaps(run, b"{}", lambda _: None)) == ["completion_record is not as its schema says"]
    assert gap in list(gaps(without(run, *left_out), b"{}", lambda _: None))


def test_a_second_write_before_the_first_was_resolved(known: Recording) -> None:
    run = of(known.store, known.runs["lost"])
    assert written_once(run.history) is None
    assert str(written_once(without(run, "retry").history)).endswith("was resolved")
    assert interrupted(of(known.store, known.runs["lost"]).history) == ["api failure"]
    assert interrupted(of(known.store, known.runs["plain"]).history) == []


def test_an_approved_state_that_somebody_else_wrote(call: Call, known: Recording, store_file: Path) -> None:
    def edit(fields: dict[str, Any]) -> None:
        if fields["kind"] == "completed":
            fields["body"]["record"]["writer"] = "other"

    rewrite(store_file, known.runs["plain"], edit)
    assert figures(call, known)["completed"][2]["plain"] == "the approved state was written by: other"


def test_a_person_in_the_entries(call: Call, known: Recording, store_file: Path) -> None:
    by_hand: Callable[[dict[str, Any]], None] = lambda fields: fields.update(actor="leah")  # noqa: E731
    rewrite(store_file, known.runs["plain"], by_hand)
    assert figures(call, known)["completed"][2]["plain"] == "a person acted while it ran"
    assert call("query", "runs", "--target", "plain", "-o", "json").document[0]["acted"] == "leah"


def test_a_source_that_was_down_is_no_detection(bundle: Bundle, opa_binary: Path) -> None:
    assert kinds_of(["waiver_absence.unanswered"]) == {OTHER}
    assert kinds_of(["register_agreement.unanswered", "waiver_absence.stale"]) == {"waiver_mismatch"}
    assert set(UNANSWERED) <= set(catalog(bundle, opa=opa_binary).codes)


def test_each_kind_of_detection_is_of_codes_that_there_are(bundle: Bundle, opa_binary: Path) -> None:
    codes = catalog(bundle, opa=opa_binary).codes
    for named in KINDS.values():
        for name in named:
            assert name in codes or any(name.endswith(".") and code.startswith(name) for code in codes), name
