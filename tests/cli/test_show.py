"""`show`: what happened in a run."""

from __future__ import annotations

import re

from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld

from runbook_gate.core.history import History


def newest(world: LittleWorld) -> History:
    with world.open() as store:
        return History(store.runs.entries(store.runs.list()[0].id))


def test_the_document_has_everything_that_the_issue_lists(call: Call, completed: LittleWorld) -> None:
    history, told = newest(completed), call("show", "task-1", "-o", "json").document
    assert (told["state"], told["last_checkpoint"]) == ("completed", "cp4")
    assert (told["attempts"], told["retry_budget"]) == (1, 2)
    version = completed.server.namespaces["payments-one"]["metadata"]["resourceVersion"]
    assert (told["resource_version"], told["restored"]) == (version, True)
    assert (told["runbook"], told["policy_sha256"]) == ("MKS-PSA-Label-Restore-v3", history.pins.content_sha256)
    asked = [entry.body for entry in history.decisions()]
    digests = {body[side]["body_sha256"] for body in asked for side in ("request", "answer")}
    assert set(told["evidence"]) == digests
    assert [moment["sha256"] for moment in told["timeline"]] == [entry.sha256 for entry in history.entries]
    assert told["ledger_head"] == history.newest.sha256


def test_a_run_is_found_by_its_own_id_too(call: Call, completed: LittleWorld) -> None:
    by_task, by_run = call("show", "task-1", "-o", "json"), call("show", newest(completed).newest.run, "-o", "json")
    assert by_task.document == by_run.document


def test_the_text_is_aligned(call: Call, completed: LittleWorld) -> None:
    lines = call("show", "task-1").out.splitlines()
    facts, rest = lines[1 : lines.index("")], lines[lines.index("Timeline") + 1 :]
    assert {re.match(r"  [\w ]+?  +", line).end() for line in facts} == {19}  # type: ignore[union-attr]
    timeline = rest[: rest.index("")]
    assert len(timeline) == 15
    assert {line.index("Z  ") for line in timeline} == {18}
    assert timeline[4].endswith("cp2  intent, attempt 1       patch_labels at resourceVersion 102")


def test_an_escalation_tells_its_codes(call: Call, escalated: LittleWorld) -> None:
    shown = call("show", "task-2")
    assert shown.out.startswith(f"Run {newest(escalated).newest.run} of task task-2: escalated\n")
    assert "from cp1: waiver_absence.open_waiver" in shown.out
    assert "  labels           are not the approved tuple\n" in shown.out


def test_a_run_over_midnight_has_dates(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    world.fault = lambda _: world.clock.advance(86_400_000)
    world.run("task-1")
    assert re.search(r"^  1  \d{4}-\d\d-\d\dT\d\d:", call("show", "task-1").out, re.MULTILINE)


def test_a_task_without_a_run(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    shown = call("show", "task-1")
    assert (shown.status, shown.out) == (2, "")
    assert shown.err == "Error: Task task-1 has no run yet.\nStart it: runbook-gate run task-1.\n"


def test_nothing_of_that_name(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    assert call("show", "task-9").err.startswith("Error: There is no run and no task task-9.\n")
