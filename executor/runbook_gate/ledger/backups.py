"""Backups of an SQLite store: made while executors write, and put in the place of a store that is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_gate.clock import Clock
from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger.copying import Copied, copy, new_file, require_free
from runbook_gate.ledger.filesystems import require_fit
from runbook_gate.ledger.migrations import alone, examine, looking, upgrade
from runbook_gate.ledger.reports import Verification
from runbook_gate.ledger.store import Store
from runbook_gate.models.entry import Executor

Shown = Callable[[Iterable[Any], int, str], Iterable[Any]]


@dataclass(frozen=True)
class Backup:
    """A backup that was made.

    Attributes:
        sha256: digest of the file.
        size: its length in bytes.
        found: what its verification came to.
    """

    sha256: str
    size: int
    found: Verification


@dataclass(frozen=True)
class Restored:
    """A store that was restored.

    Attributes:
        backup_sha256: digest of the backup.
        found: what its verification came to.
        tasks: those that were not finished when the backup was made; none of them will write.
    """

    backup_sha256: str
    found: Verification
    tasks: list[str]


@dataclass(frozen=True)
class Copier:
    """Makes backups and restores them.

    Attributes:
        clock: stamps what is recorded.
        executor: the program that records.
        copied: hears how far copying has come.
        shown: passes on parts that are verified.
        workers: how many processes verify.
    """

    clock: Clock
    executor: Executor
    copied: Copied
    shown: Shown
    workers: int = 1

    def back_up(self, store: Path, file: Path) -> Backup:
        """Copy a store into a new file, and verify the copy before it has its name.

        Args:
            store: the store's file.
            file: where to.

        Raises:
            UsageFault: the file is there.
            LedgerFault: the store cannot be read, or is not consistent.
        """
        with new_file(file) as partial:
            copy(store, partial, self.copied)
            with Store.open(partial, clock=self.clock, executor=self.executor, read_only=True) as made:
                found = self._verified(made, store)
            return Backup(_digest(partial), partial.stat().st_size, found)

    def restore(self, file: Path, store: Path, *, actor: str, allow_unfit: bool = False) -> Restored:
        """Make a store of a backup; it is upgraded if an older release made it, verified, and marked as restored.

        Args:
            file: the backup.
            store: where the store will be; nothing may be there.
            actor: who does it.
            allow_unfit: use a file system that is not fit for a store all the same.

        Raises:
            UsageFault: there is a store.
            LedgerFault: the backup cannot be read, is not consistent, or is one of a newer release.
        """
        require_free(store)
        if not allow_unfit:
            require_fit(store)
        with new_file(store) as partial:
            copy(file, partial, self.copied)
            self._upgrade(partial, file)
            with Store.open(partial, clock=self.clock, executor=self.executor, allow_unfit=allow_unfit) as made:
                found = self._verified(made, file)
                digest = _digest(file)
                tasks = made.restorations.record(actor=actor, backup_sha256=digest)
            return Restored(digest, found, tasks)

    def _verified(self, made: Store, origin: Path) -> Verification:
        found = made.verify(workers=self.workers, shown=self.shown)
        if not found.consistent:
            raise LedgerBroken(f"{origin}: {found.result}. Nothing was made of it")
        return found

    def _upgrade(self, partial: Path, file: Path) -> None:
        with looking(partial) as connection:
            older = bool(examine(connection, file).lacking)
        if older:
            with alone(partial) as connection:
                upgrade(connection, file, self.clock)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
