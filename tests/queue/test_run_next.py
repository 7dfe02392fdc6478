"""`run --next`: the undelivered, the overdue, then the oldest due task; nothing starves behind one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from tests.fakes.cluster import Fault
from tests.ledger.tampering import tamper
from tests.promise import broken
from tests.queue.conftest import Queue, Step

from runbook_gate.cluster.calls import Call
from runbook_gate.configuration import Opa
from runbook_gate.errors import (
    HeldElsewhere,
    InvalidDocument,
    LedgerBroken,
    Paused,
    Stopped,
    Undelivered,
    UsageFault,
)
from runbook_gate.gate.client import Exchange, Gate
from runbook_gate.models.runbook import Pins
from runbook_gate.queue import run_next

DEADLINE_MS = 900_000
BACKOFF_MS = 30_000


def kept(queue: Queue, *, ended: bool = True) -> None:
    with queue.open() as store:
        assert broken(store, [*queue.server.created, *queue.server.audit], ended=ended) == []


def codes(queue: Queue, task: str) -> list[str]:
    with queue.open() as store:
        run = store.tasks.status(task).run
        assert run is not None
        told: list[str] = store.runs.entries(run)[-1].body["codes"]
    return told


def due(queue: Queue) -> list[str]:
    with queue.open() as store:
        return [status.id for status in store.tasks.due()]


# --- the due task ---


def test_the_oldest_is_taken_first(queue: Queue) -> None:
    for task in ("b", "a", "c"):
        queue.submit(task)
    assert [queue.next().taken for _ in range(4)] == ["b complete", "a complete", "c complete", None]
    kept(queue)


def test_a_task_whose_target_is_active_waits_for_its_turn(queue: Queue) -> None:
    queue.submit("first", "payments-shared")
    queue.submit("second", "payments-shared")
    queue.submit("third")
    stop_in_the_middle(queue, "first")
    with queue.open() as store:
        run = store.tasks.status("first").run
        assert run is not None
        store.leases.acquire(run, "another-host:1")
    assert queue.next() == Step(taken="third complete")
    assert due(queue) == []
    with queue.executor() as session, pytest.raises(HeldElsewhere, match=run):
        session.run_task("second")
    queue.clock.advance(61_000)
    assert due(queue) == ["first", "second"]


def stop_in_the_middle(queue: Queue, task: str) -> None:
    """Its run is opened, and its process asked to stop before it asks anything."""
    with queue.executor() as session:
        queue.stopping = lambda: session.store.tasks.status(task).run is not None
        with pytest.raises(Stopped):
            session.run_task(task)
    queue.stopping = lambda: False


# --- a run that cannot go on ---


def test_a_run_without_decisions_lets_the_others_go_first_and_ends_at_its_deadline(queue: Queue) -> None:
    for task in ("stuck", "next"):
        queue.submit(task)
    stop_in_the_middle(queue, "stuck")
    usual, queue.changes = queue.changes, {"opa": Opa(socket=queue.folder / "nobody.sock")}
    for _ in ("stuck", "next"):  # each is due again later
        with pytest.raises(Stopped):
            queue.next()
    assert queue.next() == Step()
    queue.clock.advance(BACKOFF_MS)
    with pytest.raises(Stopped):
        queue.next()
    queue.changes = usual
    assert queue.next().taken == "next complete"
    queue.changes = {"opa": Opa(socket=queue.folder / "nobody.sock")}
    queue.clock.advance(DEADLINE_MS)
    assert queue.next() == Step(swept=["stuck escalated"])
    assert codes(queue, "stuck") == ["executor.deadline_no_decision"]
    kept(queue)


def test_an_overdue_run_is_swept_before_the_due_task(queue: Queue) -> None:
    queue.submit("late")
    stop_in_the_middle(queue, "late")
    queue.clock.advance(DEADLINE_MS)
    queue.submit("due")
    assert queue.next() == Step(swept=["late escalated"], taken="due complete")
    assert codes(queue, "late") == ["gate.deadline_passed"]
    kept(queue)


@pytest.mark.parametrize(
    "changes",
    [{"bundle": None}, {"bundle": "nowhere.tar.gz"}, {"opa": Opa(socket="nobody.sock")}, {"opa": Opa(binary="no-opa")}],
    ids=["no bundle", "no such bundle", "no sidecar", "no opa"],
)
def test_an_overdue_run_ends_whatever_is_missing(queue: Queue, changes: dict[str, object]) -> None:
    queue.submit("late")
    stop_in_the_middle(queue, "late")
    queue.clock.advance(DEADLINE_MS)
    queue.changes = {name: queue.folder / value if isinstance(value, str) else value for name, value in changes.items()}
    assert queue.next().swept == ["late escalated"]
    assert codes(queue, "late") == ["executor.deadline_no_decision"]
    kept(queue)


def test_an_overdue_run_that_a_live_process_holds_is_left_to_it(queue: Queue) -> None:
    queue.submit("late")
    stop_in_the_middle(queue, "late")
    queue.clock.advance(DEADLINE_MS)
    with queue.open() as store:
        [run] = store.runs.list("active")
        lease = store.leases.acquire(run.id, "another-host:1")
        queue.submit("due")
        assert queue.next() == Step(taken="due complete")
        store.leases.release(lease)
    assert queue.next().swept == ["late escalated"]
    kept(queue)


def test_an_altered_run_is_told_and_holds_nobody_up(queue: Queue) -> None:
    queue.submit("altered")
    queue.submit("next")
    stop_in_the_middle(queue, "altered")
    with queue.open() as store:
        [run] = store.runs.list("active")
        alter(queue, "entries", f"run = '{run.id}'")
        assert queue.next() == Step(taken="next complete", faults=["task altered: LedgerBroken"])
        queue.clock.advance(BACKOFF_MS)
        with pytest.raises(LedgerBroken):
            queue.next()


def alter(queue: Queue, table: str, condition: str) -> None:
    """Change stored bytes as only somebody who owns the database can."""
    tamper(queue.settings.store, f"UPDATE {table} SET data = data || ' ' WHERE {condition}")


# --- what every task needs ---


@pytest.mark.parametrize(
    ("changes", "fault"),
    [({"bundle": None}, UsageFault), ({"bundle": "nowhere.tar.gz"}, InvalidDocument)],
    ids=["no bundle", "no such bundle"],
)
def test_what_no_task_can_do_without_defers_none(
    queue: Queue, changes: dict[str, object], fault: type[Exception]
) -> None:
    queue.submit("due")
    queue.changes = {name: queue.folder / value if isinstance(value, str) else value for name, value in changes.items()}
    with pytest.raises(fault):
        queue.next()
    assert due(queue) == ["due"]


# --- packets ---


def test_a_packet_that_was_not_delivered_is_delivered_first(queue: Queue) -> None:
    queue.submit("waived")
    folder = queue.folder / "packets"
    folder.write_text("a file in its place")
    waive(queue)
    with pytest.raises(Undelivered):
        queue.next()
    folder.unlink()
    assert queue.next() == Step()
    assert [path.suffix for path in sorted(folder.iterdir())] == [".json", ".md"]
    kept(queue)


def test_a_folder_that_cannot_be_looked_into_holds_nobody_up(queue: Queue) -> None:
    queue.submit("waived")
    waive(queue)
    assert queue.next() == Step(taken="waived escalated")
    queue.changes = {"packet_dir": queue.folder / ("x" * 300)}  # the system refuses to look for such a name
    queue.submit("next")
    with pytest.raises(Undelivered):
        queue.next()
    with queue.open() as store:
        assert store.tasks.status("next").state == "finished"


def test_a_packet_is_delivered_to_those_who_acknowledged_it_elsewhere(queue: Queue) -> None:
    queue.submit("waived")
    waive(queue)
    queue.changes = {"packet_dir": None}
    assert queue.next() == Step(taken="waived escalated")
    with queue.open() as store:
        [escalation] = store.escalations.list("open")
        store.escalations.acknowledge(escalation.id, actor="on-call", note="mine")
    queue.changes = {}
    assert queue.next() == Step()
    assert len(list((queue.folder / "packets").iterdir())) == 2


def test_who_is_asked_to_stop_delivers_nothing_more(queue: Queue) -> None:
    queue.submit("waived")
    waive(queue)
    queue.changes = {"packet_dir": None}
    queue.next()
    queue.changes, queue.stopping = {}, lambda: True
    with pytest.raises(Stopped, match="between two runs"):
        queue.next()
    assert not (queue.folder / "packets").exists()


def waive(queue: Queue) -> None:
    file = queue.files["platform_exceptions"]
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**document, "total": 1, "records": [{"id": "EXC-311", "status": "open"}]}))


def test_a_packet_that_was_altered_holds_nobody_up(queue: Queue) -> None:
    queue.submit("waived")
    waive(queue)
    assert queue.next() == Step(taken="waived escalated")
    for file in (queue.folder / "packets").iterdir():
        file.unlink()
    alter(queue, "evidence", "sha256 IN (SELECT sha256 FROM packets)")
    queue.submit("late")
    stop_in_the_middle(queue, "late")
    queue.clock.advance(DEADLINE_MS)
    queue.submit("next")
    step = queue.next()
    assert (step.swept, step.taken) == (["late escalated"], "next escalated")
    assert [fault.partition(": ")[2] for fault in step.faults] == ["LedgerBroken"]
    with pytest.raises(LedgerBroken):
        queue.next()


# --- one that always fails ---


def test_who_cannot_go_on_falls_back_behind_what_was_due_before(queue: Queue) -> None:
    """A start a minute, each longer than the backoff: whoever is stuck has one turn of two, not all of them."""
    for task in ("stuck", "one", "two"):
        queue.submit(task)
        queue.clock.advance(1)
    stop_in_the_middle(queue, "stuck")
    usual = queue.changes
    turns = []
    for _ in range(5):
        turns.append(due(queue)[0])
        queue.changes = {"opa": Opa(socket=queue.folder / "nobody.sock")} if turns[-1] == "stuck" else usual
        try:
            queue.next()
        except Stopped:
            queue.clock.advance(60_000)
    assert turns == ["stuck", "one", "two", "stuck", "stuck"]


def test_what_nobody_foresaw_is_one_tasks_fault(queue: Queue) -> None:
    queue.submit("odd")
    queue.clock.advance(1)
    queue.submit("next")

    def odd(call: Call) -> Fault | None:
        if call.path_params.get("name") == "payments-odd":
            raise ZeroDivisionError
        return None

    queue.fault = odd
    assert queue.next() == Step(taken="next complete", faults=["task odd: ZeroDivisionError"])
    queue.clock.advance(BACKOFF_MS)
    with pytest.raises(ZeroDivisionError):
        queue.next()
    queue.fault = lambda call: None
    queue.clock.advance(BACKOFF_MS)
    assert queue.next() == Step(taken="odd complete")
    kept(queue)


def test_what_nobody_foresaw_ends_in_a_packet_at_the_deadline(queue: Queue) -> None:
    queue.submit("odd")

    def odd(call: Call) -> Fault | None:
        raise ZeroDivisionError

    queue.fault = odd
    with pytest.raises(ZeroDivisionError):
        queue.next()
    queue.clock.advance(DEADLINE_MS)
    assert queue.next() == Step(swept=["odd escalated"])
    with queue.open() as store:
        [escalation] = store.escalations.list("open")
        [condition] = json.loads(store.escalations.packet(escalation.id))["condition"]
    assert condition["facts"] == {"fault": "ZeroDivisionError", "no_decision": []}
    kept(queue)


# --- signals ---


def test_a_process_that_is_asked_to_stop_takes_nothing_more(queue: Queue) -> None:
    for task in ("one", "two"):
        queue.submit(task)
        stop_in_the_middle(queue, task)
    queue.clock.advance(DEADLINE_MS)
    queue.stopping = lambda: True
    with pytest.raises(Stopped, match="between two runs"):
        queue.next()
    with queue.open() as store:
        assert len(store.runs.list("active")) == 2
    queue.stopping = lambda: False
    assert sorted(queue.next().swept) == ["one escalated", "two escalated"]


# --- a pause ---


def test_a_pause_leaves_the_queue_as_it_is(queue: Queue) -> None:
    queue.submit("first")
    queue.submit("second")
    queue.pause()
    with pytest.raises(Paused, match=r"^The executor is paused by leah: change freeze$"):
        queue.next()
    assert due(queue) == ["first", "second"]
    with queue.open() as store:
        assert store.runs.list() == []
        store.pauses.unpause(actor="leah")
    assert [queue.next().taken for _ in range(2)] == ["first complete", "second complete"]
    kept(queue)


def test_a_pause_keeps_nobody_from_a_run_that_was_opened(queue: Queue) -> None:
    queue.submit("opened")
    queue.submit("queued")
    stop_in_the_middle(queue, "opened")
    queue.pause()
    assert queue.next() == Step(taken="opened escalated")
    assert codes(queue, "opened") == ["target_clear.paused"]
    with pytest.raises(Paused):
        queue.next()


def test_nothing_is_told_of_a_pause_while_nothing_is_queued(queue: Queue) -> None:
    queue.pause()
    assert queue.next() == Step()


# --- a stop ---


class AskedMeanwhile:
    """A gate; while it is asked about a write, somebody asks the process to stop."""

    def __init__(self, gate: Gate, queue: Queue) -> None:
        self._gate, self._queue = gate, queue

    def ask(self, document: dict[str, Any], pins: Pins) -> Exchange:
        if document["checkpoint"] == "cp1":
            self._queue.stopping = lambda: True
        return self._gate.ask(document, pins)


def test_no_write_begins_once_a_stop_was_asked_for(queue: Queue) -> None:
    queue.submit("task")
    with queue.executor() as session:
        session._gate = lambda gate: AskedMeanwhile(gate, queue)
        with pytest.raises(Stopped):
            run_next(session)
        kinds = [entry.kind for entry in session.store.runs.entries(session.store.runs.list()[0].id)]
    assert kinds == ["opened", "decision", "observation", "decision"]
    queue.stopping = lambda: False
    assert queue.next() == Step(taken="task complete")
    kept(queue)
