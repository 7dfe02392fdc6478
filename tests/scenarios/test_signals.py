"""SIGTERM and SIGINT, wherever they come: what is recorded stays whole, the lease is free, and the run goes on later.

Each hang would last several times as long as a stop may take.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.promise import broken, events_of
from tests.scenarios import process
from tests.scenarios.apiserver_proxy import Answer, ApiServerProxy, Deliver
from tests.scenarios.ledgers import asleep, locking
from tests.scenarios.stand_in_opa import StandInOpa
from tests.scenarios.talkative import Wire
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.binaries import find_tool
from runbook_gate.configuration import Cluster, Opa
from runbook_gate.gate.address import Address

HANGS_S = 30.0
ENDS_S = 12.0  # one second and a busy machine; a request that is awaited to its end takes 15


class Hang:
    """Something that is asked and does not answer until the test is over."""

    def __init__(self) -> None:
        self.reached, self._over = threading.Event(), threading.Event()

    def __call__(self, *_: object) -> Any:
        self.reached.set()
        self._over.wait(HANGS_S)

    def end(self) -> None:
        self._over.set()


@pytest.fixture
def hang() -> Iterator[Hang]:
    made = Hang()
    yield made
    made.end()


Stage = Callable[[Theatre, Hang], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def through(theatre: Theatre, proxy: ApiServerProxy) -> Iterator[None]:
    healthy = theatre.settings
    theatre.settings = healthy.model_copy(update={"cluster": Cluster(kubeconfig=proxy.kubeconfig())})
    yield
    theatre.settings = healthy


@contextlib.contextmanager
def read_hangs(theatre: Theatre, hang: Hang) -> Iterator[None]:
    with Wire.start_recording(theatre.folder / "wire", theatre.cluster.server) as wire, through(theatre, wire):

        def instead(method: str, _: str) -> Answer | None:
            return hang() if method == "GET" else None

        wire.instead = instead
        yield


@contextlib.contextmanager
def probe_hangs(theatre: Theatre, hang: Hang) -> Iterator[None]:
    with Wire.start_recording(theatre.folder / "wire", theatre.cluster.server) as wire, through(theatre, wire):

        def instead(method: str, target: str) -> Answer | None:
            return hang() if method == "POST" and target.partition("?")[0].endswith("/pods") else None

        wire.instead = instead
        yield


def write_hangs(*, delivered: bool) -> Stage:
    @contextlib.contextmanager
    def stage(theatre: Theatre, hang: Hang) -> Iterator[None]:
        def play(deliver: Deliver) -> None:
            if delivered:
                deliver()
            hang()

        with ApiServerProxy.start(theatre.folder / "proxy", theatre.cluster.server) as proxy, through(theatre, proxy):
            proxy.plays = [play]
            yield

    return stage


def question_hangs(checkpoint: str) -> Stage:
    @contextlib.contextmanager
    def stage(theatre: Theatre, hang: Hang) -> Iterator[None]:
        healthy = theatre.settings
        sidecar = healthy.opa.socket
        assert sidecar is not None
        with StandInOpa.start(Address(socket=str(sidecar))) as opa:
            opa.alterations = {checkpoint: lambda _: hang()}
            theatre.settings = healthy.model_copy(update={"opa": Opa(socket=opa.socket, timeout_s=30)})
            yield
        theatre.settings = healthy

    return stage


def opa_hangs(command: str) -> Stage:
    """An opa that never ends one of its commands."""

    @contextlib.contextmanager
    def stage(theatre: Theatre, hang: Hang) -> Iterator[None]:
        opa, begun = theatre.folder / "opa", theatre.folder / "begun"
        hangs = f'[ "$1" = {command} ] || exec {find_tool("opa")} "$@"'
        opa.write_text(f"#!/bin/sh\n{hangs}\ntouch {begun}\nexec sleep {HANGS_S}\n")
        opa.chmod(0o755)
        threading.Thread(target=reached_when, args=(begun, hang), daemon=True).start()
        healthy = theatre.settings
        theatre.settings = healthy.model_copy(update={"opa": Opa(binary=opa)})
        yield
        theatre.settings = healthy

    return stage


def reached_when(file: Path, hang: Hang) -> None:
    until(file.exists)
    hang.reached.set()


HANGS: dict[str, tuple[Stage, int]] = {
    "the bundle is checked": (opa_hangs("check"), 0),
    "the sidecar starts": (opa_hangs("run"), 0),
    "cp0 is asked": (question_hangs("cp0"), 0),
    "the namespace is read": (read_hangs, 0),
    "cp1 is asked": (question_hangs("cp1"), 0),
    "a write is not delivered": (write_hangs(delivered=False), 0),
    "a write is not answered": (write_hangs(delivered=True), 1),
    "cp2 is asked": (question_hangs("cp2"), 1),
    "a probe is sent": (probe_hangs, 1),
    "cp4 is asked": (question_hangs("cp4"), 1),
}


@pytest.mark.parametrize(("number", "which"), [(signal.SIGTERM, "task-1"), (signal.SIGINT, "--next")])
@pytest.mark.parametrize(("stage", "writes"), HANGS.values(), ids=HANGS)
def test_whoever_stops_a_process_while(
    theatre: Theatre, hang: Hang, stage: Stage, writes: int, number: signal.Signals, which: str
) -> None:
    theatre.submit()
    with stage(theatre, hang):
        assert_stops(process.start(theatre, "run", which), number, hang.reached)
        hang.end()
    assert len(theatre.writes()) == writes
    finished = theatre.run()
    assert finished.outcome == "complete", theatre.codes()
    with theatre.store() as store:
        assert broken(store, events_of(theatre.cluster.server.audit_log), packets=[]) == []


def test_whoever_stops_a_process_that_waits_for_the_ledger(theatre: Theatre, hang: Hang) -> None:
    """The lease cannot be released either; it ends by itself."""
    theatre.submit()
    with (
        locking(theatre.settings.store) as lock,
        Wire.start_recording(theatre.folder / "wire", theatre.cluster.server) as wire,
        through(theatre, wire),
    ):

        def instead(method: str, _: str) -> Answer | None:
            if method == "GET":
                lock()
                hang.reached.set()
            return None

        wire.instead = instead
        assert_stops(process.start(theatre, "run", "task-1"), signal.SIGTERM, hang.reached)
    asleep(theatre, 61_000)
    assert_completed(theatre, theatre.run(), writes=1)


def assert_stops(executor: subprocess.Popen[str], number: signal.Signals, reached: threading.Event) -> None:
    try:
        assert reached.wait(30)
        asked = time.monotonic()
        executor.send_signal(number)
        _, told = executor.communicate(timeout=HANGS_S)
        took = time.monotonic() - asked
    finally:
        executor.kill()
        executor.wait()
    assert executor.returncode == 12, told
    assert "Stopping at the next safe point." in told
    assert "Traceback" not in told
    assert took < ENDS_S, told
    print(f"stopped in {took:.2f} s")


def test_nobody_has_to_listen(theatre: Theatre, hang: Hang) -> None:
    """Whoever read what the process says has gone: the stop is as safe as any."""
    theatre.submit()
    with read_hangs(theatre, hang):
        with process.start(theatre, "run", "task-1") as executor:
            assert hang.reached.wait(HANGS_S)
            assert executor.stderr is not None
            executor.stderr.close()
            executor.send_signal(signal.SIGTERM)
        hang.end()
    assert executor.returncode == 12
    assert_completed(theatre, theatre.run(), writes=1)


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.15, 0.2, 0.4, 2.0, 4.0])
def test_whoever_stops_it_at_any_moment_stops_it_safely(theatre: Theatre, after_s: float) -> None:
    theatre.submit()
    executor = process.start(theatre, "run", "task-1")
    try:
        until(lambda: is_opened(theatre))
        time.sleep(after_s)
        executor.send_signal(signal.SIGTERM)
        _, told = executor.communicate(timeout=HANGS_S)
    finally:
        executor.kill()
        executor.wait()
    assert executor.returncode == 12, told
    assert_completed(theatre, theatre.run(), writes=1)
    with theatre.store() as store:
        assert broken(store, events_of(theatre.cluster.server.audit_log), packets=[]) == []


def is_opened(theatre: Theatre) -> bool:
    with theatre.store() as store:
        return bool(store.runs.list())


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANGS_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
