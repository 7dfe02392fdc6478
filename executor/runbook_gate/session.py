"""Wires configuration to parts: store, bundle, sidecar, effects, and one run after the other."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runbook_gate import __version__, resources
from runbook_gate.binaries import find_tool
from runbook_gate.canonical import sha256_hex
from runbook_gate.clock import Clock, SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.core.history import History
from runbook_gate.delivery import deliver
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.acting import Actor
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.journal import Journal
from runbook_gate.engine.loop import Run, TooLong
from runbook_gate.engine.narration import Narrator
from runbook_gate.engine.opening import open_run
from runbook_gate.engine.planning import plan
from runbook_gate.errors import HeldElsewhere, InvalidDocument, NoDecision, RunbookGateError, UsageFault
from runbook_gate.gate.build import check_capabilities
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Address, OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Draft, Finished, Lease, Store
from runbook_gate.models.bodies import RepinnedBody
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Executor
from runbook_gate.models.observation import LedgerFacts
from runbook_gate.models.runbook import Pins
from runbook_gate.surroundings import surroundings

BACKOFF_MS = 30_000


@dataclass(frozen=True)
class Serving:
    """A sidecar that answers.

    Attributes:
        gate: asks it.
        binary_sha256: digest of the opa that the executor started; None for one that runs beside it.
    """

    gate: OpaGate
    binary_sha256: str | None


def open_store(settings: Settings, *, clock: Clock, read_only: bool = False) -> Store:
    """Open the configured ledger."""
    return Store.open(settings.store, clock=clock, executor=program(settings), read_only=read_only)


def program(settings: Settings) -> Executor:
    """This program, as the ledger names it."""
    return Executor(version=__version__, configuration_sha256=settings.sha256)


def read_bundle(settings: Settings) -> Bundle:
    """The configured bundle, checked against the allow-list of built-ins where an opa binary is at hand.

    Raises:
        UsageFault: if none is configured.
    """
    if settings.bundle is None:
        raise UsageFault(
            "No policy bundle is given.",
            advice="Build one with `runbook-gate policy build --out bundle.tar.gz` and name it with --bundle.",
        )
    bundle = Bundle.read(settings.bundle)
    if bundle.revision != bundle.content_sha256:
        raise InvalidDocument(
            f"--bundle {settings.bundle}: its revision is not its content digest.",
            advice="Build it with `runbook-gate policy build`.",
        )
    if settings.opa.socket is None and settings.opa.url is None:
        check_capabilities(bundle, opa=opa_binary(settings))
    return bundle


def opa_binary(settings: Settings) -> Path:
    """The opa to start."""
    return settings.opa.binary or find_tool("opa")


@contextmanager
def serving(settings: Settings, bundle: Bundle) -> Iterator[Serving]:
    """A sidecar with this bundle: the one that runs beside the executor, or one started for the block."""
    with ExitStack() as stack:
        address, digest = Address(socket=_text(settings.opa.socket), url=settings.opa.url), None
        if settings.opa.socket is None and settings.opa.url is None:
            started = stack.enter_context(Sidecar(opa_binary(settings), bundle))
            address, digest = started.address, started.binary_sha256
        gate = OpaGate(address, timeout_s=settings.opa.timeout_s)
        stack.callback(gate.close)
        yield Serving(gate, digest)


class Session:
    """Runs tasks with one configuration.

    Args:
        settings: the configuration.
        store: the ledger.
        narrator: who is told.
        clock: wall and boot time.
        stopping: true asks the process to end at the next safe point.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        narrator: Narrator,
        *,
        clock: Clock | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings, self.store, self._narrator = settings, store, narrator
        self.clock, self._stopping = clock or SystemClock(), stopping
        self._heads = Heads(settings.heads_file)
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    def run_task(self, task_id: str) -> Finished:
        """Carry out one task to its end, from wherever its ledger stands.

        Returns:
            The completion or escalation; of a finished task the stored one.

        Raises:
            UsageFault: the task was withdrawn.
            HeldElsewhere: another run or process holds the target.
            Stopped: the run can be resumed.
        """
        if (stored := self.store.runs.result(task_id)) is not None:
            return stored
        status = self.store.tasks.status(task_id)
        if status.state == "finished":
            raise UsageFault(f"Task {task_id} was withdrawn.", advice="Submit it again with an id of its own.")
        given = read_bundle(self.settings)
        lease = self.store.leases.acquire(status.run, self._holder) if status.run else None
        bundle = self._governing(lease, given) if lease else given
        try:
            with serving(self.settings, bundle) as served:
                lease = lease or self.open(task_id, given, served)
                return self._carry(lease, given, served)
        except RunbookGateError as fault:
            if lease:
                self.store.leases.release(lease, not_before_ms=self._not_before(fault))
            raise

    def run_next(self) -> Finished | None:
        """Sweep runs past their deadline, then take the oldest due task.

        Returns:
            What the due task came to; None if nothing is due.
        """
        for late in self.store.runs.past_deadline():
            try:
                self.run_task(late.task)
            except (HeldElsewhere, NoDecision):
                continue
        for due in self.store.tasks.due():
            try:
                return self.run_task(due.id)
            except HeldElsewhere:
                continue
        return None

    def pins(self, bundle: Bundle, served: Serving) -> Pins:
        """What a run is pinned to: this bundle, and the OPA that answers now."""
        return served.gate.pins(
            Pins(
                content_sha256=bundle.content_sha256,
                bundle_sha256=bundle.bundle_sha256,
                capabilities_sha256=sha256_hex(resources.capabilities().read_bytes()),
                signer_key_id=None,
                opa_version="",
                opa_platform="",
                opa_sha256=served.binary_sha256,
                opa_basis="measured" if served.binary_sha256 else "claimed",
            )
        )

    def open(
        self,
        task_id: str,
        bundle: Bundle,
        served: Serving,
        *,
        facts: Callable[[str], LedgerFacts] | None = None,
    ) -> Lease:
        """Open a run for a queued task and hold it.

        Args:
            task_id: the task.
            bundle: what decides.
            served: the sidecar that serves it.
            facts: reads the source `ledger` for a target; default: this session's store.
        """
        return open_run(
            self.store,
            self.store.tasks.get(task_id),
            bundle=bundle,
            pins=self.pins(bundle, served),
            holder=self._holder,
            clock=self.clock,
            heads=self._heads,
            facts=facts or self.store.facts,
        )

    def _governing(self, lease: Lease, given: Bundle) -> Bundle:
        """The given bundle, or the pinned one from the evidence once a write was intended under it."""
        history = History(self.store.runs.entries(lease.run))
        if history.pins.content_sha256 == given.content_sha256 or not history.attempts_made():
            return given
        return Bundle.parse(self.store.evidence.get(history.pins.bundle_sha256), source="evidence")

    def _carry(self, lease: Lease, given: Bundle, served: Serving) -> Finished:
        journal = Journal(self.store, lease, self._heads)
        history = journal.history
        if history.pins.content_sha256 != given.content_sha256 and not history.attempts_made():
            body = RepinnedBody(pins=self.pins(given, served)).model_dump(mode="json")
            journal.append(Draft(kind="repinned", body=body, checkpoint="cp0", step=history.opened.routing.steps[0]))
        world = surroundings(
            self.settings, self.clock, partial(self.store.facts, history.opened.target_key, run=lease.run)
        )
        actor = Actor(EFFECTS, world, self.clock)
        finished = Run(journal, served.gate, actor, self.clock, self._narrator, self._stopping).go()
        deliver(self.store, finished, self.settings.packet_dir)
        return finished

    def _not_before(self, fault: RunbookGateError) -> int | None:
        if isinstance(fault, TooLong):
            return fault.until_ms
        return self.clock.read().at_ms + BACKOFF_MS if isinstance(fault, NoDecision) else None


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def plan_task(settings: Settings, task_id: str, narrator: Narrator) -> Decision:
    """What a run of a task would do, with a ledger in memory: no run, lease, packet or write.

    Raises:
        UnknownRecord: no such task.
        NoDecision: the gate gave no answer that may be acted on.
    """
    clock, bundle = SystemClock(), read_bundle(settings)
    with (
        open_store(settings, clock=clock, read_only=True) as real,
        Store.in_memory(clock=clock, executor=program(settings)) as memory,
        serving(settings, bundle) as served,
    ):
        session = Session(settings, memory, narrator, clock=clock)
        memory.tasks.submit(real.tasks.get(task_id))
        lease = session.open(task_id, bundle, served, facts=real.facts)
        journal = Journal(memory, lease, Heads(None))
        key = journal.history.opened.target_key
        actor = Actor(EFFECTS, surroundings(settings, clock, partial(real.facts, key)), clock)
        return plan(journal, served.gate, actor, narrator)
