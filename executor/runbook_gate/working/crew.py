"""The workers of one process, from the first task to the drained end.

Each worker is a thread with a session of its own (ADR 23). A thread that lives as long as all of them keeps the sidecar
and looks after what readiness is about, another brings notifications to their receiver; the main thread hears signals,
and waits for nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from typing import Final

from prometheus_client import CollectorRegistry

from runbook_gate.clock import Clock, SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.narration import Chorus, Narrator
from runbook_gate.ledger import Store
from runbook_gate.notifications import Sent, notify_due
from runbook_gate.session import Session
from runbook_gate.wire.giving_up import GivingUp
from runbook_gate.working.desk import Desk
from runbook_gate.working.health import Health, Pulse
from runbook_gate.working.listening import listening
from runbook_gate.working.messenger import Messenger
from runbook_gate.working.orders import Orders
from runbook_gate.working.tally import Log, Tally
from runbook_gate.working.warm import WarmPolicies
from runbook_gate.working.worker import PATIENCE_S, InHand, Worker

GRACE_S: Final = 1.0  # as long as a single run awaits an answer once it was asked to stop
DRAIN_S: Final = 45.0  # a request that nothing can cut is left to the kernel after this
LOOK_S: Final = 2.0
_TICK_S: Final = 0.2
PARTS: Final = ("store", "policy")


class Crew:
    """Several workers on one queue.

    Args:
        settings: the configuration.
        store: the ledger; its connections are shared.
        orders: what is wanted.
        log: is told of faults.
        narrator: makes the narrator of one worker.
        stopping: true asks the process to end; asked from every thread.
        registry: what `/metrics` tells.
        clock: wall and boot time.
        started: told the port that is listened on.
        make: makes a worker's session.
        pulse: of every loop.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        orders: Orders,
        *,
        log: Log,
        narrator: Callable[[], Narrator],
        stopping: Callable[[], bool],
        registry: CollectorRegistry | None = None,
        clock: Clock | None = None,
        started: Callable[[int | None], None] = lambda _: None,
        make: Callable[..., Session] = Session,
        pulse: Pulse | None = None,
    ) -> None:
        self._settings, self._store, self._orders, self._log = settings, store, orders, log
        self._narrator, self._make, self._started = narrator, make, started
        self._registry, self._clock = registry or CollectorRegistry(), clock or SystemClock()
        self._asked, self._pulse, self._tally, self._giving_up = stopping, pulse or Pulse(), Tally(), GivingUp()
        self._health = Health(self._pulse, PARTS)
        self._desk = Desk(store, until_empty=orders.until_empty)
        self._policies = WarmPolicies(settings, stopping)
        self._heads = Heads(settings.heads_file, settings.termination_message)
        self._messenger = Messenger(self._send, log, self._stopping, self._giving_up.heeded)
        self._over, self._asked_at = threading.Event(), 0.0

    def work(self) -> Tally:
        """Work until all is done, or the process was asked to stop and every run stands at a safe point.

        Raises:
            RunbookGateError: there is nothing to begin with: no bundle, no sidecar, no place to listen.
        """
        with closing(self._policies), ExitStack() as stack:
            self._policies.look()
            port = stack.enter_context(self._listening())
            threads = [self._thread(number) for number in range(1, self._orders.concurrency + 1)]
            keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
            messenger = threading.Thread(target=self._bring, name="messenger", daemon=True)
            for thread in (keeper, messenger, *threads):
                self._pulse.begin(thread.name)
                thread.start()
            self._started(port)
            self._mind(threads)
            with self._tally.lock:
                self._tally.left += sum(thread.is_alive() for thread in threads)
            self._messenger.close()
            self._mind([messenger])
            self._over.set()
            keeper.join(GRACE_S)
        return self._tally

    @contextmanager
    def _listening(self) -> Iterator[int | None]:
        place = self._orders.listen
        with listening(place, self._health, self._registry) if place else nullcontext() as port:
            yield port

    def _thread(self, number: int) -> threading.Thread:
        # A thread that hangs must not keep the process: its lease ends by itself.
        return threading.Thread(target=self._worker, name=f"worker-{number}", daemon=True)

    def _worker(self) -> None:
        in_hand = InHand()
        session = self._make(
            self._settings,
            self._store,
            Chorus(in_hand, self._narrator()),
            clock=self._clock,
            stopping=self._stopping,
            awaiting=self._awaiting,
            policies=self._policies,
            heads=self._heads,
        )
        worker = Worker(
            session,
            in_hand,
            self._desk,
            self._tally,
            health=self._health,
            pulse=self._pulse,
            log=self._log,
            stopping=self._stopping,
            notify=self._messenger.wake,
            heeded=self._giving_up.heeded,
            patience_s=PATIENCE_S if self._orders.until_empty else None,
        )
        try:
            worker.go()
        finally:
            self._policies.leave()
        self._pulse.leave()

    def _stopping(self) -> bool:
        self._pulse.beat()
        return self._asked()

    def _bring(self) -> None:
        self._messenger.go()
        self._pulse.leave()

    def _send(self) -> list[Sent]:
        stopping, awaiting = self._stopping, self._awaiting
        return notify_due(self._store, self._settings, self._clock, stopping=stopping, awaiting=awaiting)

    def _awaiting(self) -> AbstractContextManager[None]:
        self._pulse.beat()
        return self._giving_up.awaiting()

    def _mind(self, threads: list[threading.Thread]) -> None:
        """Wait for them, and drain them once the process was asked to stop; who does not end then is left behind."""
        while any(thread.is_alive() for thread in threads):
            if self._asked():
                now = time.monotonic()
                self._asked_at = self._asked_at or now
                self._health.drain()
                self._desk.close()
                if now - self._asked_at >= GRACE_S:
                    self._giving_up.give_up()
                if now - self._asked_at >= DRAIN_S:
                    return
            time.sleep(_TICK_S)

    def _keep(self) -> None:
        """Keep what all need until the last worker has ended."""
        look_at = 0.0
        while not self._over.wait(_TICK_S):
            self._pulse.beat()
            if not self._asked() and (time.monotonic() >= look_at or self._policies.needed.is_set()):
                self._look()
                look_at = time.monotonic() + LOOK_S
        self._pulse.leave()

    def _look(self) -> None:
        for part, look in (("store", self._store.look), ("policy", self._policies.look)):
            try:
                look()
            except Exception as fault:  # it is what readiness is about, and the next look may find it mended
                self._health.looked(part, fault)
            else:
                self._health.looked(part, None)
