"""The store: one file, or one database of a server, that holds the ledger, its evidence and the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from runbook_gate.clock import Clock
from runbook_gate.collecting import seldom
from runbook_gate.ledger import facts, verification
from runbook_gate.ledger.archive import Archive
from runbook_gate.ledger.creation import check, create_or_check, prepare_file
from runbook_gate.ledger.database import Database, Place, engine_of, sqlite_engine
from runbook_gate.ledger.escalations import Escalations
from runbook_gate.ledger.evidence import Evidence
from runbook_gate.ledger.heads import KeptHead
from runbook_gate.ledger.leases import Leases
from runbook_gate.ledger.outbox import Outbox
from runbook_gate.ledger.parts import Shown, spread
from runbook_gate.ledger.pauses import Pauses
from runbook_gate.ledger.reports import Verification
from runbook_gate.ledger.restorations import Restorations
from runbook_gate.ledger.runs import Runs
from runbook_gate.ledger.standing import Standing, standing
from runbook_gate.ledger.streaming import Reading
from runbook_gate.ledger.tasks import Tasks
from runbook_gate.ledger.turns import Turns
from runbook_gate.models.entry import Executor
from runbook_gate.models.ledger_facts import LedgerFacts


class Store:
    """The ledger, as the executor sees it.

    - What a method records is durable when it returns; if it raises, nothing was recorded, unless nobody knows.
    - Everything that is read was checked against its digest.
    - Errors of the database arrive as LedgerUnwritable, LedgerBroken or LedgerOfAnotherVersion.

    Attributes:
        tasks: the queue.
        runs: runs and their entries.
        reading: the same for those who want much of it.
        leases: who may append.
        evidence: bytes under their SHA-256.
        archive: the bundles that took decisions.
        escalations: packets, and what people did about them.
        outbox: who was told of what, and who is still to be.
        pauses: whether the executor is paused.
        restorations: whether the store was restored from a backup.
    """

    def __init__(
        self, engine: Engine, *, clock: Clock, executor: Executor, turns: Turns, place: Place | None = None
    ) -> None:
        self._database = Database(engine, clock, executor, place)
        self._turns = turns
        self.tasks = Tasks(self._database)
        self.runs = Runs(self._database)
        self.reading = Reading(self._database)
        self.leases = Leases(self._database)
        self.evidence = Evidence(self._database)
        self.archive = Archive(self._database)
        self.escalations = Escalations(self._database)
        self.outbox = Outbox(self._database)
        self.pauses = Pauses(self._database)
        self.restorations = Restorations(self._database)

    @classmethod
    def open(
        cls,
        place: Place,
        *,
        clock: Clock,
        executor: Executor,
        read_only: bool = False,
        allow_unfit: bool = False,
        busy_ms: int = 5000,
    ) -> Self:
        """Open a store in a file or on a server; a new one is made where there is none.

        Args:
            place: the file or server.
            clock: stamps what is recorded.
            executor: the program that records.
            read_only: for looking only: nothing is made, and every write is refused.
            allow_unfit: use a file system that is not fit for a store all the same.
            busy_ms: how long to wait for another process's transaction.

        Returns:
            The store.

        Raises:
            LedgerUnwritable: if it cannot be made or written.
            LedgerBroken: if the file is damaged.
            LedgerFault: if it is no store, or one of another version.
        """
        if isinstance(place, Path) and not read_only:
            prepare_file(place, allow_unfit=allow_unfit, busy_ms=busy_ms)
        turns = Turns(busy_ms)
        engine = engine_of(place, turns, read_only=read_only)
        store = cls(engine, clock=clock, executor=executor, turns=turns, place=place)
        try:
            (check if read_only else create_or_check)(store._database)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def in_memory(cls, *, clock: Clock, executor: Executor) -> Self:
        """Open a store that ends with the process, as `run --plan` needs it.

        Args:
            clock: stamps what is recorded.
            executor: the program that records.

        Returns:
            An empty store.
        """
        turns = Turns(busy_ms=0)
        store = cls(sqlite_engine(None, turns), clock=clock, executor=executor, turns=turns)
        create_or_check(store._database)
        return store

    def look(self) -> None:
        """Raise a LedgerFault unless the store can be read and, as far as is known, written."""
        self.tasks.list(limit=1)
        self._database.try_commit()

    def heed(self, stopping: Callable[[], bool]) -> None:
        """Let no transaction wait for its turn once the process was asked to stop.

        Args:
            stopping: whether it was.
        """
        self._turns.stopping = stopping

    def facts(self, target_key: str, marked: Iterable[str] = (), *, run: str | None = None) -> LedgerFacts:
        """Gather the source `ledger`.

        Args:
            target_key: the target.
            marked: runs that markers on the namespace name.
            run: the run that asks; None before it is opened.

        Returns:
            What the store knows.
        """
        with self._database.read() as connection:
            return facts.gather(connection, target_key, marked, run)

    def standing(self) -> Standing:
        """Count where everything stands, without reading a single entry of a run that goes on."""
        with self._database.read() as connection:
            return standing(connection, self._database.now(connection))

    def verify(
        self,
        *,
        run: str | None = None,
        heads: Iterable[KeptHead] = (),
        workers: int = 1,
        shown: Shown = lambda items, total, words: items,  # noqa: ARG005
    ) -> Verification:
        """Check one run, or every chain and all evidence.

        Args:
            run: the run; None for everything.
            heads: what was noted elsewhere, to be found again; of one run only its own.
            workers: how many processes share the work, where it is worth it.
            shown: passes on parts that are done, given how many there are and what is done.

        Returns:
            What was found.

        Raises:
            UnknownRecord: if there is no such run.
        """
        with (
            seldom(),
            self._database.read() as connection,
            spread(connection, self._database.place, workers, shown) as spread_,
        ):
            return verification.verify(connection, run=run, heads=heads, spread=spread_)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
