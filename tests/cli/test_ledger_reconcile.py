"""`ledger reconcile`: 13 when the API server saw something else than the ledger says."""

from __future__ import annotations

import copy
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld

from runbook_gate.cluster.calls import Call as Request

HOUR = timedelta(hours=1)


def written(world: LittleWorld, *more: dict[str, Any], around: timedelta = HOUR, name: str = "audit.log") -> Path:
    """The audit log of the world so far, with events of others before and after it."""
    now = datetime.fromtimestamp(world.clock.read().at_ms / 1000, UTC)
    others = [
        {"auditID": word, "stageTimestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "verb": "get"}
        for word, at in (("before", now - around), ("after", now + around))
    ]
    events = [*world.server.created, *world.server.audit, *more, *others]
    path = world.folder / name
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def own_write(world: LittleWorld) -> dict[str, Any]:
    """The event of the one write."""
    [event] = [one for one in world.server.audit if one["verb"] == "patch" and "dryRun=All" not in one["requestURI"]]
    return event


def test_a_ledger_that_agrees_with_the_audit_log(call: Call, completed: LittleWorld) -> None:
    log = written(completed)
    told = call("ledger", "reconcile", "--audit", log)
    assert told.status == 0
    assert told.out.splitlines()[0].split() == ["Identity", "runbook-gate"]
    assert str(log) in told.out
    assert "Intents: 1; 1 with their event, 0 never sent, 0 in doubt without one, 0 without one outside" in told.out
    assert told.out.endswith("Result: no difference found\n")
    document = call("ledger", "reconcile", "--audit", log, "-o", "json").document
    assert (document["result"], document["identities"]) == ("no difference found", ["runbook-gate"])
    assert (document["differences"], document["in_doubt"]) == ([], [])
    [file] = document["logs"]
    assert (file["files"], file["malformed"]) == (1, 0)
    assert file["last_ms"] - file["first_ms"] == 2 * 3_600_000


def test_a_write_without_an_intent(call: Call, completed: LittleWorld) -> None:
    stray = {**copy.deepcopy(own_write(completed)), "auditID": "5e11ed00-0000-4000-8000-000000000000"}
    told = call("ledger", "reconcile", "--audit", written(completed, stray))
    assert told.status == 13
    [row] = [line for line in told.out.splitlines() if line.startswith("write without intent")]
    assert row.split()[4:5] == ["payments-one"]
    assert row.endswith("patch namespaces 200  5e11ed00-0000-4000-8000-000000000000")
    assert told.out.endswith("Result: 1 difference\n")
    [found] = call("ledger", "reconcile", "--audit", written(completed, stray), "-o", "json").document["differences"]
    assert (found["kind"], found["run"], found["logged"]) == ("write without intent", None, "patch namespaces 200")


def test_entries_that_were_cut_off_show(call: Call, completed: LittleWorld) -> None:
    """The ledger is consistent again without its newest entries; the API server still knows the write."""
    log = written(completed)
    [run] = call("status", "-o", "json").document["runs"]
    statements = [
        *(f"DROP TRIGGER {table}_{name}" for table, name in (("entries", "no_delete"), ("runs", "one_way"))),
        "DROP TRIGGER tasks_one_way",
        f"DELETE FROM entries WHERE run = '{run['id']}' AND seq >= 5",
        "UPDATE runs SET seq = 4, state = 'active', record_sha256 = NULL, "
        "head = (SELECT sha256 FROM entries WHERE seq = 4)",
        "UPDATE tasks SET state = 'active', outcome = NULL",
    ]
    with closing(sqlite3.connect(completed.settings.store_file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    assert call("ledger", "verify").status == 0
    told = call("ledger", "reconcile", "--audit", log)
    assert told.status == 13
    assert "write without intent" in told.out


def test_an_intent_without_its_event(call: Call, completed: LittleWorld) -> None:
    gone = own_write(completed)
    completed.server.audit.remove(gone)
    told = call("ledger", "reconcile", "--audit", written(completed), "-o", "json")
    [found] = told.document["differences"]
    assert (told.status, found["kind"], found["attempt"], found["recorded"]) == (13, "no event", 1, "200")
    assert found["audit_id"] == gone["auditID"]
    short = call("ledger", "reconcile", "--audit", written(completed, around=timedelta(seconds=1)), "-o", "json")
    assert (short.status, short.document["differences"], short.document["not_covered"]) == (0, [], 1)


def test_a_status_that_differs(call: Call, completed: LittleWorld) -> None:
    own_write(completed)["responseStatus"]["code"] = 409
    told = call("ledger", "reconcile", "--audit", written(completed))
    assert told.status == 13
    [row] = [line for line in told.out.splitlines() if line.startswith("status differs")]
    assert " 200 " in row
    assert "patch namespaces 409" in row


def test_attempts_in_doubt_and_unsent(call: Call, world: LittleWorld) -> None:
    """The first write was lost on its way, and the server never saw it; that is no difference."""
    faults = [Fault("lost")]

    def fault(request: Request) -> Fault | None:
        real = request.method == "PATCH" and ("dryRun", "All") not in request.query
        return faults.pop() if faults and real else None

    world.fault = fault
    world.submit("task-1", "payments-one")
    assert world.run("task-1").outcome == "complete"
    told = call("ledger", "reconcile", "--audit", written(world))
    assert told.status == 0
    [row] = [line for line in told.out.splitlines() if line.startswith("in doubt, no event")]
    assert " lost " in row
    assert "Intents: 2; 1 with their event, 0 never sent, 1 in doubt without one" in told.out


def test_one_run(call: Call, completed: LittleWorld) -> None:
    completed.submit("task-2", "payments-two")
    completed.run("task-2")
    run = call("show", "task-2", "-o", "json").document["run"]
    event = copy.deepcopy(next(one for one in completed.server.audit if one["verb"] == "patch"))
    stray = {**event, "auditID": "stray", "requestURI": "/"}
    log = written(completed, stray)
    assert call("ledger", "reconcile", "--audit", log).status == 13
    alone = call("ledger", "reconcile", "--audit", log, "--run", run, "-o", "json")
    assert (alone.status, alone.document["intents"]) == (0, 1)
    assert call("ledger", "reconcile", "--audit", log, "--run", "nope").status == 2


def test_the_identity_is_the_recorded_one_or_must_be_given(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    log = written(world)
    refused = call("ledger", "reconcile", "--audit", log)
    assert (refused.status, refused.out) == (2, "")
    assert "as whom the API server sees the executor" in refused.err
    assert "--identity" in refused.err
    assert call("ledger", "reconcile", "--audit", log, "--identity", "runbook-gate").status == 0
    world.run("task-1")
    other = call("ledger", "reconcile", "--audit", written(world), "--identity", "other", "-o", "json")
    assert {one["logged"] for one in other.document["differences"]} == {None, "patch namespaces 200 by runbook-gate"}


def test_the_configured_audit_logs_are_the_default(call: Call, completed: LittleWorld) -> None:
    none = call("ledger", "reconcile")
    assert (none.status, none.out) == (2, "")
    assert "No audit log is given." in none.err
    log = written(completed)
    with (completed.folder / "runbook-gate.toml").open("a") as out:
        out.write(f'[audit]\nlogs = ["{log.name}"]\n')
    assert call("ledger", "reconcile").status == 0


def test_files_of_one_log_are_read_once(call: Call, completed: LittleWorld) -> None:
    log = written(completed)
    rotated = written(completed, name="audit-2026-11-20T10-00-00.000.log")
    told = call("ledger", "reconcile", "--audit", log, "--audit", rotated, "--audit", "audit.log", "-o", "json")
    [file] = told.document["logs"]
    assert (told.status, file["files"], told.document["matched"]) == (0, 2, 1)


@pytest.mark.parametrize("content", [None, "", "no audit log\n"])
def test_a_file_that_is_no_audit_log(call: Call, completed: LittleWorld, content: str | None) -> None:
    path = completed.folder / "odd.log"
    if content is not None:
        path.write_text(content)
    refused = call("ledger", "reconcile", "--audit", path)
    assert (refused.status, refused.out) == (2, "")
    assert "odd.log" in refused.err


def test_lines_that_are_no_events_are_counted(call: Call, completed: LittleWorld) -> None:
    log = written(completed)
    log.write_bytes(b"{torn\n" + log.read_bytes())
    told = call("ledger", "reconcile", "--audit", log, "-o", "json")
    assert (told.status, told.document["logs"][0]["malformed"]) == (0, 1)


def test_a_broken_chain_is_no_witness(call: Call, completed: LittleWorld) -> None:
    log = written(completed)
    with closing(sqlite3.connect(completed.settings.store_file)) as connection, connection:
        connection.execute("DROP TRIGGER entries_no_update")
        connection.execute("UPDATE entries SET data = replace(data, 'gather', 'gothic') WHERE seq = 3")
    refused = call("ledger", "reconcile", "--audit", log)
    assert refused.status == 13
    assert "is broken: altered at 3" in refused.err
    assert "runbook-gate ledger verify" in refused.err
