"""What the tests do in processes of their own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR, opened, task

from runbook_gate.clock import SystemClock
from runbook_gate.errors import HeldElsewhere, LeaseLost, RunbookGateError
from runbook_gate.ledger import Draft, Lease, Server, Store


def open_here(place: Path | Server) -> Store:
    return Store.open(place, clock=SystemClock(), executor=EXECUTOR, allow_unfit=True, busy_ms=30_000)


def open_as_nobody(place: Path) -> str:
    """Open a store without any rights."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        Store.open(place, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True).close()
    except RunbookGateError as refused:
        return f"{type(refused).__name__}: {refused}"
    return "opened"


def wait_until(moment: float) -> None:
    """Start at the same moment as the others."""
    time.sleep(max(0.0, moment - time.time()))


def create(place: Path | Server, moment: float) -> str:
    """Open a store that several open for the first time, and say which it is."""
    wait_until(moment)
    with open_here(place) as store, store._database.read() as connection:
        return str(connection.exec_driver_sql("SELECT id FROM store").scalar_one())


def submit_and_open(place: Path | Server, moment: float, number: int, target: str) -> str | None:
    """Race for a task, or with a task of one's own for a target; the run if this process got it."""
    with open_here(place) as store:
        store.tasks.submit(task(number))
        body = opened(store, task(number), target=target)
        wait_until(moment)
        try:
            return store.runs.open(body, holder=str(os.getpid()))[0].run
        except HeldElsewhere:
            return None


def acquire(place: Path | Server, moment: float, run: str) -> int | None:
    """Race for a lease; its number if this process got it."""
    with open_here(place) as store:
        wait_until(moment)
        try:
            return store.leases.acquire(run, str(os.getpid())).number
        except HeldElsewhere:
            return None


def append_while_it_lasts(place: Path | Server, moment: float, run: str, seconds: float) -> int:
    """Take the run over again and again and append to it until others do; how many entries were appended."""
    appended = 0
    with open_here(place) as store:
        wait_until(moment)
        while time.time() < moment + seconds:
            try:
                lease = store.leases.acquire(run, f"{os.getpid()}", ttl_s=0)
                for _ in range(3):
                    store.runs.append(lease, Draft("observation", {"by": os.getpid(), "lease": lease.number}))
                    appended += 1
            except (LeaseLost, HeldElsewhere):
                continue
    return appended


def submit_many(place: Path | Server, moment: float, first: int, count: int) -> int:
    """Add tasks and evidence while others do."""
    with open_here(place) as store:
        wait_until(moment)
        for number in range(first, first + count):
            store.tasks.submit(task(number))
            store.evidence.put(b"shared")
            store.evidence.put(str(number).encode())
    return count


def append_and_die(place: Path | Server, lease: Lease) -> None:
    """Append, begin a batch, and be killed in the middle of it."""
    with open_here(place) as store:
        store.runs.append(lease, Draft("observation", {"durable": True}))
        with store.runs.batch(lease) as batch:
            batch.append(Draft("observation", {"durable": False}))
            batch.put(b"never durable")
            os.kill(os.getpid(), signal.SIGKILL)


def claim_all(place: Path | Server, moment: float, by: str) -> list[str]:
    """Claim tasks until none is left."""
    claimed = list[str]()
    with open_here(place) as store:
        wait_until(moment)
        while task := store.tasks.claim(by):
            claimed.append(task.id)
            store.runs.open(opened(store, store.tasks.get(task.id), target=task.id), holder=by)
    return claimed


def acquire_elsewhere(place: Server, run: str, behind_ms: int) -> int | None:
    """Ask for a run on a host whose clock goes wrong; the lease's number if it was free."""
    read = SystemClock().read()
    clock = ManualClock(at_ms=read.at_ms - behind_ms, boottime_ms=0)
    with Store.open(place, clock=clock, executor=EXECUTOR) as store:
        try:
            return store.leases.acquire(run, "elsewhere").number
        except HeldElsewhere:
            return None
