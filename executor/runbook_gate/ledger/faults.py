"""The one place where errors of the database become errors of the ledger. Statements and values stay out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import psycopg
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
_REACH: Final = f"See that the server runs and can be reached. {AGAIN}"
_WAY: Final = f"See what else works on the database; `pg_stat_activity` names it. {AGAIN}"
_PRIMARY: Final = f"Name the primary in `store`, or promote this server. {AGAIN}"
_GRANTS: Final = f"Give the role the rights that it needs, or name another one in `store`. {AGAIN}"
_LOST: Final = _Meaning(
    LedgerUnwritable,
    "the connection to the server failed; what was about to be recorded may be there or not",
    f"{_REACH} The ledger is read anew then.",
)
_UNREPLICATED: Final = _Meaning(
    LedgerUnwritable,
    "the server did not say that a commit is where it should be; what was about to be recorded may be there or not",
    f"See that the server's synchronous standby is there: `pg_stat_replication`. {AGAIN} The ledger is read anew then.",
)
# By the beginning of the SQLSTATE; the longest that fits counts.
_SERVER_MEANINGS: dict[str, _Meaning] = {
    "08": _LOST,
    "57P": _LOST,
    "0A000": _Meaning(LedgerUnwritable, "the server takes no writes: it is a standby in recovery", _PRIMARY),
    "22": _Meaning(LedgerUnwritable, "the server cannot store a value"),
    "23": _Meaning(LedgerBroken, "a rule of the database refused a change"),
    "23001": _Meaning(LedgerBroken, f"the store is {REFUSAL}: a change was refused"),
    "25006": _Meaning(LedgerUnwritable, "the store is read-only", _PRIMARY),
    "25P03": _Meaning(LedgerUnwritable, "the process was held up in a transaction, and the server ended it", AGAIN),
    "28": _Meaning(LedgerUnwritable, "the store may not be opened", _GRANTS),
    "3D": _Meaning(LedgerUnwritable, "there is no such database", f"Name the right one in `store`. {AGAIN}"),
    "40": _Meaning(LedgerUnwritable, "another transaction was in the way", AGAIN.removeprefix("Then ")),
    "40003": _UNREPLICATED,
    "42501": _Meaning(LedgerUnwritable, "the role lacks a right", _GRANTS),
    "53": _Meaning(LedgerUnwritable, "the server lacks a resource", f"See the server's log. {AGAIN}"),
    "53100": _Meaning(LedgerUnwritable, "the disk is full", f"Free some space on the server's disk. {AGAIN}"),
    "53200": _Meaning(LedgerUnwritable, "memory ran out", f"Free some memory of the server. {AGAIN}"),
    "53300": _Meaning(LedgerUnwritable, "the server has no connection left", f"Raise `max_connections`. {AGAIN}"),
    "54": _Meaning(LedgerUnwritable, "a record is too large"),
    "55P03": _Meaning(LedgerUnwritable, "another process keeps the store locked", _WAY),
    "57014": _Meaning(LedgerUnwritable, "the server took too long, or somebody interrupted it", _WAY),
    "58": _Meaning(LedgerUnwritable, "the server's disk reports an error", _DISK),
    "XX001": _Meaning(LedgerBroken, "the database is damaged", _RESTORE.replace("file", "database")),
    "XX002": _Meaning(LedgerBroken, "the database is damaged", _RESTORE.replace("file", "database")),
}
_UNKNOWN: Final = _Meaning(LedgerUnwritable, "the store failed")


@contextmanager
def mapped(place: object = None) -> Iterator[None]:
    """Turn every error of SQLAlchemy or the driver into a LedgerFault.

    Args:
        place: the store's file or server, for the message.

    Raises:
        LedgerUnwritable: nothing of the transaction was recorded; or nobody knows, if the connection to a server was
            lost in its commit, or that commit was not confirmed.
        LedgerBroken: the database is damaged, or one of its rules was about to be broken.
    """
    try:
        yield
    except DBAPIError as error:
        raise _fault(place, error.orig) from None
    except (sqlite3.Error, psycopg.Error) as error:
        raise _fault(place, error) from None
    except SQLAlchemyError as error:
        raise LedgerUnwritable(f"{_at(place)}the store failed: {type(error).__name__}") from None


def _fault(place: object, error: BaseException | None) -> LedgerFault:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.Error) and isinstance(code, int):
        fault, told, advice = _MEANINGS.get(code & 0xFF, _UNKNOWN)
        name = error.sqlite_errorname
        if name == "SQLITE_CONSTRAINT_TRIGGER":
            told = f"the store is {REFUSAL}: a change or a second insert was refused"
        return fault(f"{_at(place)}{told} ({name})", advice=advice)
    if isinstance(error, psycopg.Error):
        return _server_fault(place, error)
    return LedgerUnwritable(f"{_at(place)}the store failed: {type(error).__name__}")


def _server_fault(place: object, error: psycopg.Error) -> LedgerFault:
    if error.sqlstate is None:
        if not isinstance(error, psycopg.OperationalError):
            return LedgerUnwritable(f"{_at(place)}the store failed: {type(error).__name__}")
        fault, told, advice = _LOST
        return fault(f"{_at(place)}{told}", advice=advice)
    fits = (error.sqlstate[:length] for length in (5, 3, 2))
    fault, told, advice = next((_SERVER_MEANINGS[some] for some in fits if some in _SERVER_MEANINGS), _UNKNOWN)
    return fault(f"{_at(place)}{told} (SQLSTATE {error.sqlstate})", advice=advice)


def _at(place: object) -> str:
    return f"{place}: " if place else ""
