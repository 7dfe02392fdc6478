"""What auditors ask is answered of runs that are known one by one."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.queries.conftest import ENFORCE
from tests.replay.replays import Recording, change, entries, rewrite

from runbook_gate.gate.bundle import Bundle

ALL = {"plain", "lost", "waived", "foreign", "reverted", "paused", "died", "left"}


def names(known: Recording, rows: list[dict[str, Any]]) -> set[str]:
    """Which of the known runs the rows are of."""
    by_run = {run: name for name, run in known.runs.items()}
    return {by_run[row["run"]] for row in rows}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], ALL),
        (["--outcome", "escalated"], {"waived", "foreign", "reverted"}),
        (["--outcome", "active"], {"left"}),
        (["--outcome", "active", "--outcome", "complete"], ALL - {"waived", "foreign", "reverted"}),
        (["--runbook", "MKS-PSA-Label-Restore"], ALL),
        (["--runbook", "MKS-PSA-Label-Restore-v3"], ALL),
        (["--revision", "v2"], set()),
        (["--target", "waived"], {"waived"}),
        (["--target", "mks-us-east-1-prod-03/lost"], {"lost"}),
        (["--target", "ost"], set()),
        (["--code", "waiver_absence.open_waiver", "--code", "drift_agreement.foreign_value"], {"waived", "foreign"}),
        (["--actor", "leah"], {"waived"}),
        (["--actor", "platform-governance"], ALL),
        (["--actor", "nobody"], set()),
        (["--since", "2999-01-01"], set()),
        (["--until", "2999-01-01"], ALL),
        (["--until", "2001-01-01T00:00:00Z"], set()),
    ],
)
def test_runs_are_selected(
    call: Call, known: Recording, store_file: Path, options: list[str], wanted: set[str]
) -> None:
    told = call("query", "runs", *options, "-o", "json")
    assert (told.status, names(known, told.document)) == (0, wanted)


def test_a_run_in_its_three_forms(call: Call, known: Recording, store_file: Path, bundle: Bundle) -> None:
    [told] = call("query", "runs", "--target", "waived", "-o", "json").document
    recorded = entries(store_file, known.runs["waived"])
    assert told == {
        "run": known.runs["waived"],
        "runbook": "MKS-PSA-Label-Restore-v3",
        "target": "mks-us-east-1-prod-03/waived",
        "outcome": "escalated",
        "fault": None,
        "task": "task-waived",
        "opened_ms": recorded[0]["at_ms"],
        "ended_ms": recorded[-1]["at_ms"],
        "attempts": 0,
        "checkpoint": "cp1",
        "codes": ["waiver_absence.open_waiver"],
        "policies": [bundle.content_sha256],
        "submitted": "demo",
        "prequalified": "platform-governance",
        "acted": None,
        "acknowledged": "leah",
        "resolved": None,
    }
    [row] = csv.DictReader(io.StringIO(call("query", "runs", "--target", "waived", "-o", "csv").out))
    assert (row["run"], row["codes"], row["acknowledged"]) == (told["run"], "waiver_absence.open_waiver", "leah")
    assert (row["opened"][:2], row["opened"][-1]) == ("20", "Z")
    header, line = call("query", "runs", "--target", "waived").out.splitlines()
    assert header.split()[:4] == ["RUN", "TASK", "OUTCOME", "OPENED"]
    assert line.split()[:3] == [told["run"], "task-waived", "escalated"]
    assert call("query", "runs", "--target", "no").out == "No such run.\n"


def test_every_write_to_a_namespace(call: Call, known: Recording, store_file: Path) -> None:
    [own] = call("query", "writes", "plain", "-o", "json").document
    [intent] = [one for one in entries(store_file, known.runs["plain"]) if one["kind"] == "intent"]
    assert (own["audit_id"], own["by"], own["attempt"], own["outcome"]) == (intent["sha256"], "executor", 1, "200")
    assert (own["labels"], own["resource_version"]) == (intent["body"]["labels"], intent["body"]["resource_version"])
    assert own["audit_event"] is True
    lost = call("query", "writes", "lost", "-o", "json").document
    assert [(row["attempt"], row["outcome"], row["audit_event"]) for row in lost] == [
        (1, "lost", False),
        (2, "200", True),
    ]
    died = call("query", "writes", "died", "-o", "json").document
    assert [(row["attempt"], row["outcome"]) for row in died] == [(1, "interrupted"), (2, "200")]
    assert call("query", "writes", "lost", "--cluster", "other", "-o", "json").document == []
    assert call("query", "writes", "waived").out == "The ledger knows of no write to waived.\n"


def test_a_write_of_somebody_else(call: Call, known: Recording, store_file: Path) -> None:
    own, other = call("query", "writes", "reverted", "-o", "json").document
    assert (own["by"], other["by"], other["attempt"]) == ("executor", "somebody-else", None)
    assert (other["labels"], other["outcome"]) == ({ENFORCE: "privileged"}, "200")
    rows = list(csv.DictReader(io.StringIO(call("query", "writes", "reverted", "-o", "csv").out)))
    assert rows[1]["labels"] == f'{{"{ENFORCE}":"privileged"}}'


def test_every_retry_and_its_reason(call: Call, known: Recording, store_file: Path) -> None:
    rows = call("query", "retries", "-o", "json").document
    assert names(known, rows) == {"lost", "died"}
    for row, outcome in zip(rows, ("lost", "interrupted"), strict=True):
        assert (row["checkpoint"], row["attempt"], row["outcome"]) == ("cp2", 1, outcome)
        assert (row["next_attempt"], row["next_outcome"], row["run_outcome"]) == (2, "200", "complete")
        [retry] = [one for one in entries(store_file, row["run"]) if one["body"].get("verdict") == "retry"]
        assert (row["reason"], row["at_ms"]) == (retry["body"]["codes"], retry["at_ms"])
        assert row["reason"]
    assert names(known, call("query", "retries", "--target", "lost", "-o", "json").document) == {"lost"}
    assert call("query", "retries", "--target", "plain").out == "No write was tried again.\n"


def test_every_run_under_a_policy(call: Call, known: Recording, store_file: Path, bundle: Bundle) -> None:
    for digest in (bundle.content_sha256, bundle.bundle_sha256[:12]):
        rows = call("query", "policy", digest, "-o", "json").document
        assert names(known, rows) == ALL
    [plain] = [row for row in rows if row["run"] == known.runs["plain"]]
    assert (plain["from_seq"], plain["decisions"], plain["outcome"]) == (1, 6, "complete")
    assert call("query", "policy", "0" * 8).out == f"No run was under a policy {'0' * 8}.\n"
    assert call("query", "policy", "no").status == 2


def test_a_broken_run_is_told_whatever_is_asked(call: Call, known: Recording, store_file: Path) -> None:
    change(store_file, "UPDATE entries SET data = x'00' WHERE run = ? AND seq = 3", known.runs["lost"])
    told = call("query", "runs", "--outcome", "escalated", "-o", "json")
    [broken] = [row for row in told.document if row["fault"]]
    assert (broken["run"], broken["outcome"], broken["fault"]) == (
        known.runs["lost"],
        "unreadable",
        "chain broken: altered at 3",
    )
    assert (told.status, told.err) == (13, "Runs that cannot be read: 1; see `runbook-gate ledger verify`.\n")
    assert call("query", "retries").status == 13
    figures = call("query", "figures", "-o", "json")
    assert (figures.status, figures.document["unreadable"]) == (13, {known.runs["lost"]: "chain broken: altered at 3"})


def test_a_decision_that_is_none_is_told(call: Call, known: Recording, store_file: Path) -> None:
    def emptied(fields: dict[str, Any]) -> None:
        if fields["kind"] == "decision":
            fields["body"] = {}

    rewrite(store_file, known.runs["waived"], emptied)
    told = call("query", "runs", "--target", "waived", "-o", "json")
    assert (told.status, told.document[0]["fault"]) == (13, "its entries are of another schema")
    assert call("query", "figures").status == 13


def test_each_of_several_actors_is_found(call: Call, known: Recording, store_file: Path) -> None:
    actors = {3: "bob", 4: "leah"}
    rewrite(store_file, known.runs["plain"], lambda fields: fields.update(actor=actors.get(fields["seq"], "executor")))
    for actor in actors.values():
        rows = call("query", "runs", "--actor", actor, "--target", "plain", "-o", "json").document
        assert names(known, rows) == {"plain"}


def test_no_cell_is_a_formula(call: Call, known: Recording, store_file: Path) -> None:
    change(store_file, "UPDATE runs SET target_key = '=1+1' WHERE id = ?", known.runs["plain"])
    rows = list(csv.DictReader(io.StringIO(call("query", "runs", "-o", "csv").out)))
    assert "'=1+1" in {row["target"] for row in rows}
