"""The one place where errors of the database become errors of the ledger. Statements and values stay out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable
from runbook_gate.ledger.triggers import REFUSAL

AGAIN: Final = "Then start the same command again: a run goes on from its ledger. Nothing was done without a record."
_RIGHTS: Final = f"Make the file and its folder writable for this user. {AGAIN}"
_LOCKED: Final = f"Wait until the other process has ended; `fuser FILE` names it. {AGAIN}"
_DISK: Final = f"See what the kernel's log says of the disk, and mend it. {AGAIN}"
_RESTORE: Final = (
    "Keep the file as it is, restore the newest backup, and compare it with heads that were kept elsewhere."
)


class _Meaning(NamedTuple):
    fault: type[LedgerFault]
    told: str
    advice: str | None = None


_MEANINGS: dict[int, _Meaning] = {
    sqlite3.SQLITE_FULL: _Meaning(LedgerUnwritable, "the disk is full", f"Free some space on the disk. {AGAIN}"),
    sqlite3.SQLITE_READONLY: _Meaning(LedgerUnwritable, "the store is read-only", _RIGHTS),
    sqlite3.SQLITE_PERM: _Meaning(LedgerUnwritable, "the store may not be opened", _RIGHTS),
    sqlite3.SQLITE_AUTH: _Meaning(LedgerUnwritable, "the store may not be opened", _RIGHTS),
    sqlite3.SQLITE_CANTOPEN: _Meaning(
        LedgerUnwritable, "the store or a file beside it cannot be opened", f"See that the folder is there. {_RIGHTS}"
    ),
    sqlite3.SQLITE_IOERR: _Meaning(LedgerUnwritable, "the disk reports an error", _DISK),
    sqlite3.SQLITE_BUSY: _Meaning(LedgerUnwritable, "another process keeps the store locked", _LOCKED),
    sqlite3.SQLITE_LOCKED: _Meaning(LedgerUnwritable, "another process keeps the store locked", _LOCKED),
    sqlite3.SQLITE_PROTOCOL: _Meaning(LedgerUnwritable, "another process keeps the store locked", _LOCKED),
    sqlite3.SQLITE_NOMEM: _Meaning(LedgerUnwritable, "memory ran out", f"Free some memory. {AGAIN}"),
    sqlite3.SQLITE_TOOBIG: _Meaning(LedgerUnwritable, "a record is too large"),
    sqlite3.SQLITE_INTERRUPT: _Meaning(LedgerUnwritable, "the operation was interrupted", AGAIN.removeprefix("Then ")),
    sqlite3.SQLITE_CORRUPT: _Meaning(LedgerBroken, "the database file is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: _Meaning(
        LedgerBroken, "the file is not a database", f"Name the right file as `store`. If this is it: {_RESTORE}"
    ),
    sqlite3.SQLITE_CONSTRAINT: _Meaning(LedgerBroken, "a rule of the database refused a change"),
}
_UNKNOWN: Final = _Meaning(LedgerUnwritable, "the store failed")


@contextmanager
def mapped(path: Path | None = None) -> Iterator[None]:
    """Turn every error of SQLAlchemy or the driver into a LedgerFault.

    Args:
        path: the store's file, for the message.

    Raises:
        LedgerUnwritable: nothing of the transaction was recorded.
        LedgerBroken: the database is damaged, or one of its rules was about to be broken.
    """
    try:
        yield
    except DBAPIError as error:
        raise _fault(path, error.orig) from None
    except sqlite3.Error as error:
        raise _fault(path, error) from None
    except SQLAlchemyError as error:
        raise LedgerUnwritable(f"{_at(path)}the store failed: {type(error).__name__}") from None


def _fault(path: Path | None, error: BaseException | None) -> LedgerFault:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.Error) and isinstance(code, int):
        fault, told, advice = _MEANINGS.get(code & 0xFF, _UNKNOWN)
        name = error.sqlite_errorname
        if name == "SQLITE_CONSTRAINT_TRIGGER":
            told = f"the store is {REFUSAL}: a change or a second insert was refused"
        return fault(f"{_at(path)}{told} ({name})", advice=advice)
    return LedgerUnwritable(f"{_at(path)}the store failed: {type(error).__name__}")


def _at(path: Path | None) -> str:
    return f"{path}: " if path else ""
