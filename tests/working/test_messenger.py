"""A receiver of notifications beside workers: no run waits for it, and what ended last is still told."""

from __future__ import annotations

from tests.fakes.runs import LittleWorld
from tests.notifications.receiver import Hang, Receiver
from tests.queue.conftest import Queue
from tests.working.conftest import until
from tests.working.crews import Notes, ends, finished, working

from runbook_gate.errors import LedgerUnwritable
from runbook_gate.notifications import Sent
from runbook_gate.working.messenger import Messenger

TASKS = ("a", "b", "c", "d")
FOR_EVER_S = 600


def told(world: LittleWorld, receiver: Receiver) -> None:
    """More time than anybody may configure: whoever waits for an answer waits for longer than the test."""
    settings = receiver.settings().model_copy(update={"timeout_s": FOR_EVER_S})
    world.settings = world.settings.model_copy(update={"notifications": settings})


def test_runs_end_while_the_receiver_hangs(queue: Queue, receiver: Receiver, hang: Hang) -> None:
    told(queue, receiver)
    receiver.usual = hang
    with working(queue, concurrency=1) as works:
        queue.submit("first")
        assert hang.reached.wait(60)
        for task in TASKS:
            queue.submit(task)
        until(lambda: all(finished(queue, task) for task in TASKS))
        assert len(receiver.requests) == 1
        assert works.ask("/healthz")[0] == 200
        assert works.is_ready()
    with queue.open() as store:
        assert len(store.outbox.list()) == 1 + len(TASKS)


def test_the_work_ends_when_what_ended_last_was_told(queue: Queue, receiver: Receiver) -> None:
    told(queue, receiver)
    for task in TASKS:
        queue.submit(task)
    with working(queue, until_empty=True) as works:
        ends(works)
    with queue.open() as store:
        assert [one.state for one in store.outbox.list(delivered=True)] == ["delivered"] * len(TASKS)
    assert len({one.id for one in receiver.requests}) == len(receiver.requests) == len(TASKS)


def test_it_looks_once_more_when_no_run_ends_any_more_and_a_fault_of_the_store_is_told() -> None:
    looks, notes = list[int](), Notes()

    def send() -> list[Sent]:
        looks.append(1)
        raise LedgerUnwritable("away")

    messenger = Messenger(send, notes, lambda: False)
    messenger.close()
    messenger.go()
    assert (len(looks), notes.troubles) == (1, ["LedgerUnwritable"])
