"""The parts of an executor with a point at each of their touches of the world; all else is the product's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from tests.fakes.cluster import FakeAuditLog, FakeCluster, FakeConnection
from tests.fakes.server import Answer, FakeServer
from tests.statemachine.process import current, point

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.clock import Clock
from runbook_gate.cluster.calls import Call
from runbook_gate.engine.journal import Journal
from runbook_gate.errors import NoDecision
from runbook_gate.gate.client import Address, Exchange, OpaGate
from runbook_gate.ledger import Finished, Store
from runbook_gate.ledger.database import Place
from runbook_gate.ledger.turns import Turns
from runbook_gate.models.audit_answer import AuditAnswer
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry, Executor
from runbook_gate.models.runbook import Pins
from runbook_gate.serving import Serving
from runbook_gate.session import Session


def is_write(call: Call) -> bool:
    """Whether a request would change something."""
    return call.method == "PATCH" and ("dryRun", "All") not in call.query


class WatchedStore(Store):
    """Points `begin` before each transaction, and `commit` when nothing of it is durable yet."""

    def __init__(
        self, engine: Engine, *, clock: Clock, executor: Executor, turns: Turns, place: Place | None = None
    ) -> None:
        super().__init__(engine, clock=clock, executor=executor, turns=turns, place=place)
        event.listen(engine, "checkout", self._begin)
        event.listen(engine, "begin", self._begun)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", self._over)

    @staticmethod
    def _begin(_dbapi: object, _record: object, _proxy: object) -> None:
        point("begin")

    @staticmethod
    def _begun(_connection: Connection) -> None:
        if process := current():
            process.within = True

    @classmethod
    def _commit(cls, connection: Connection) -> None:
        cls._over(connection)
        point("commit")

    @staticmethod
    def _over(_connection: Connection) -> None:
        if process := current():
            process.within = False


class WatchedServer(FakeServer):
    """Points `written` and `answered`: the server did it, and the executor does not know yet."""

    def handle(self, call: Call, user: str | None = None) -> tuple[Answer, str]:
        handled = super().handle(call, user)
        if user is None:
            point("written" if is_write(call) else "answered")
        return handled


class WatchedCluster(FakeCluster):
    """A point `connect` before each connection."""

    @contextlib.contextmanager
    def open(self, within_s: float) -> Iterator[FakeConnection]:
        point("connect")
        with super().open(within_s) as connection:
            yield connection


class WatchedAuditLog(FakeAuditLog):
    """A point `audit` before each look-up."""

    def lookup(self, query: AuditQuery) -> AuditAnswer:
        point("audit")
        return super().lookup(query)


class WatchedGate(OpaGate):
    """Points `ask` and `asked`; what `ask` brings is the socket that answers instead."""

    def __init__(self, socket: Path, timeout_s: float = 5) -> None:
        super().__init__(Address(socket=str(socket)), timeout_s=timeout_s)

    def ask(self, document: dict[str, Any], pins: Pins) -> Exchange:
        instead = point("ask")
        if instead is None:
            exchange = super().ask(document, pins)
        else:
            with contextlib.closing(WatchedGate(instead)) as other:
                exchange = OpaGate.ask(other, document, pins)
        point("asked")
        return exchange


class WatchedSession(Session):
    """A session whose gate is watched, and that says which lease it holds."""

    def _carry(self, journal: Journal, served: Serving) -> Finished:
        process, socket = current(), self.settings.opa.socket
        if process:
            process.leases.add((journal.lease.run, journal.lease.number))
        with contextlib.closing(WatchedGate(socket or Path())) as gate:
            return super()._carry(journal, replace(served, gate=gate))


class WatchedNarrator:
    """A point after each entry, and at the beginning of each wait."""

    def opened(self, entry: Entry) -> None:
        point("opened")

    def observed(self, entry: Entry) -> None:
        point("observed")

    def decided(self, entry: Entry, decision: Decision) -> None:
        point("decided")

    def refused(self, fault: NoDecision) -> None:
        point("refused")

    def intended(self, entry: Entry) -> None:
        point("intended")

    def waiting(self, until_ms: int) -> None:
        point("waiting")

    def kept_back(self, problem: str) -> None:
        point("kept back")

    def ended(self, entry: Entry, packet: str | None) -> None:
        point("ended")
