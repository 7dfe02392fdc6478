"""A candidate is compared decision by decision: what flips, in which direction, by which code, and what follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.replay.replays import Recording
from tests.scenarios.bundles import Changes, edited, unchecked

from runbook_gate.replay.outcomes import Change, Comparison, Replayed
from runbook_gate.replay.records import Unreadable
from runbook_gate.replay.replaying import conditional

RUNBOOK = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"
WAIVED = "closed: [closed, expired, revoked, approved, pending, suspended]}"
GATE = "gate/gate.rego"


def compared(call: Call, tmp_path: Path, opa: Path, changes: Changes, *options: str) -> Any:
    bundle = edited(tmp_path / "other", opa, changes)
    (tmp_path / "other.tar.gz").write_bytes(bundle.raw)
    told = call("replay", "--candidate", "other.tar.gz", "--fail-on", "", "-o", "json", *options)
    assert told.status == 0, told.err
    return told.document


def counts(told: Any) -> dict[str, int]:
    """Everything that was counted in the comparison, and how many were compared."""
    shares = {name: one for name, one in told["comparison"].items() if isinstance(one, dict) and "count" in one}
    assert {one["of"] for name, one in shares.items()} == {told["decisions"]}
    return {name: one["count"] for name, one in shares.items() if one["count"]}


def test_a_change_that_opens_three_known_runs_flips_exactly_these(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path
) -> None:
    closed = {RUNBOOK: [("closed: [closed, expired, revoked]}", WAIVED)]}
    told = compared(call, tmp_path, opa_binary, closed)
    assert counts(told) == {"compared": 26, "same": 23, "verdict_changed": 3, "stop_to_go": 3}
    [flips] = told["comparison"]["flips"]
    waived = sorted(recorded.runs[f"waived-{number}"] for number in range(3))
    assert flips == {
        "code": "waiver_absence.open_waiver",
        "first": "escalate",
        "other": "proceed",
        "direction": "stop_to_go",
        "decisions": 3,
        "runs": waived,
        "more_runs": False,
    }
    assert [(one["run"], one["checkpoint"], one["verdict"]) for one in told["details"]] == [
        (run, "cp1", "proceed") for run in waived
    ]
    assert told["comparison"]["verdicts"]["escalate"] == {
        "proceed": 3, "complete": 0, "retry": 0, "wait": 0, "escalate": 1, "undefined": 0, "error": 0
    }  # fmt: skip


def test_a_change_that_stops_three_known_runs_flips_exactly_these(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path
) -> None:
    """Each of them twice: the second time on the condition that the first had not happened."""
    told = compared(call, tmp_path, opa_binary, {RUNBOOK: [("\nrounds: 2\n", "\nrounds: 3\n")]})
    good = sorted(recorded.runs[f"good-{number}"] for number in range(3))
    kinds = [(one["code"], one["first"], one["other"], one["direction"]) for one in told["comparison"]["flips"]]
    assert kinds == [
        ("restoration.unverified", "complete", "escalate", "go_to_stop"),
        ("verification_reconciliation.too_few_rounds", "proceed", "wait", "go_to_stop"),
    ]
    assert [one["runs"] for one in told["comparison"]["flips"]] == [good, good]
    assert counts(told) == {"compared": 26, "same": 20, "verdict_changed": 6, "go_to_stop": 6, "conditional": 3}
    where = [(one["run"], one["checkpoint"], one["conditional"]) for one in told["details"]]
    assert where == [(run, *place) for run in good for place in (("cp3", False), ("cp4", True))]


def test_reasons_and_next_action_are_told_apart(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path
) -> None:
    title = "# title: A waiver that may cover the target is not shown to be closed"
    worded = {"checks/waiver_absence/waiver_absence.rego": [(title, "# title: A waiver is open")]}
    assert counts(compared(call, tmp_path, opa_binary, worded)) == {"compared": 26, "same": 23, "reasons_changed": 3}


@pytest.mark.parametrize("change", ["verdict_changed", "next_changed", "undefined", "error"])
def test_what_follows_a_decision_that_differs_is_conditional(change: Change) -> None:
    first, second = (Unreadable(run, 2, "r", "t", "") for run in ("one", "two"))
    results = [
        Replayed(first, "identical", comparison=Comparison(change)),
        *(Replayed(one, "identical") for one in (first, second)),
    ]
    assert [one.conditional for one in conditional(results)] == [False, True, False]
    same = [replace(results[0], comparison=Comparison("reasons_changed")), *results[1:]]
    assert not any(one.conditional for one in conditional(same))


def test_a_candidate_that_is_undefined_for_some_inputs(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path
) -> None:
    changes = {GATE: [('"verdict": _verdict,', '"verdict": _told,'), ("default _verdict", _TOLD + "default _verdict")]}
    told = compared(call, tmp_path, opa_binary, changes)
    assert counts(told) == {"compared": 26, "same": 23, "undefined": 3}
    assert told["comparison"]["verdicts"]["complete"]["undefined"] == 3


_TOLD = '_told := _verdict if input.checkpoint != "cp4"\n\n'


def test_a_candidate_that_conflicts_for_one_input_spoils_no_other(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path
) -> None:
    twice = {GATE: [('\t"schema": 1,', '\t"schema": _schema,'), ("default _verdict", _SCHEMA + "default _verdict")]}
    told = compared(call, tmp_path, opa_binary, twice)
    assert counts(told) == {"compared": 26, "same": 23, "error": 3}
    assert {(one["checkpoint"], one["detail"]) for one in told["details"]} == {("cp4", "status_500")}


_SCHEMA = '_schema := 1\n\n_schema := 2 if input.checkpoint == "cp4"\n\n'


@pytest.mark.parametrize(
    "reading",
    ["count(opa.runtime()) * 0 + 1", 'count(http.send({"url": "http://127.0.0.1:1", "method": "GET"})) * 0 + 1'],
)
def test_a_candidate_that_reads_the_environment_or_the_network_is_refused(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path, reading: str
) -> None:
    bundle = unchecked(tmp_path / "reading", opa_binary, {GATE: [('"schema": 1,', f'"schema": {reading},')]})
    (tmp_path / "reading.tar.gz").write_bytes(bundle.raw)
    refused = call("replay", "--candidate", "reading.tar.gz")
    assert (refused.status, refused.out) == (2, "")
    assert reading.partition("(")[2].partition("(")[0] in refused.err


def test_a_candidate_may_be_a_folder_a_digest_or_a_revision(
    call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path
) -> None:
    edited(tmp_path, opa_binary, {RUNBOOK: [("closed: [closed, expired, revoked]}", WAIVED)]})
    run = recorded.runs["waived-1"]
    told = call("replay", run, "--candidate", "policies", "--fail-on", "stop-to-go")
    assert (told.status, told.err) == (14, "Found: stop-to-go (--fail-on).\n")
    [archived] = call("policy", "archive", "list", "-o", "json").document
    told = call("replay", "task-waived-1", "--candidate", archived["content_sha256"][:12], "-o", "json")
    assert told.document["candidate"]["policy_sha256"] == archived["content_sha256"]
    assert counts(told.document) == {"compared": 2, "same": 2}
