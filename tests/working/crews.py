"""Workers as threads of this process, with a cluster in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.queue.conftest import Queue
from tests.working.conftest import asked, until

from runbook_gate.engine.narration import Silent
from runbook_gate.session import Session
from runbook_gate.working.crew import Crew
from runbook_gate.working.health import Pulse
from runbook_gate.working.orders import Orders
from runbook_gate.working.tally import Tally


class Notes:
    """What the crew told."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.troubles: list[str] = []

    def fault(self, subject: str, error: Exception) -> None:
        self.faults.append(f"{subject}: {type(error).__name__}")

    def trouble(self, error: Exception, again_s: float) -> None:
        self.troubles.append(type(error).__name__)


class Works:
    """A crew at work in threads of this process."""

    def __init__(self) -> None:
        self.stop, self.listens = threading.Event(), threading.Event()
        self.notes, self.port, self.seconds = Notes(), 0, 0.0
        self.tally: Tally | None = None

    def started(self, port: int | None) -> None:
        self.port = port or 0
        self.listens.set()

    def ask(self, path: str) -> tuple[int, Any]:
        status, told = asked(self.port, path)
        return status, json.loads(told)

    def is_ready(self) -> bool:
        return self.ask("/readyz")[0] == 200


@contextmanager
def working(queue: Queue, *, concurrency: int = 2, until_empty: bool = False) -> Iterator[Works]:
    works = Works()

    def go() -> None:
        with queue.open() as store:
            works.tally = Crew(
                queue.settings,
                store,
                Orders(concurrency, until_empty, ("127.0.0.1", 0)),
                log=works.notes,
                narrator=Silent,
                stopping=works.stop.is_set,
                clock=queue.clock,
                started=works.started,
                make=partial(Session, world=queue._world),
                pulse=Pulse(lambda: works.seconds),
            ).work()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        assert works.listens.wait(60)
        yield works
    finally:
        works.stop.set()
        thread.join(120)
    assert not thread.is_alive()


def ends(works: Works) -> None:
    until(lambda: works.tally is not None)


def finished(queue: Queue, task: str) -> bool:
    with queue.open() as store:
        return store.tasks.status(task).state == "finished"
