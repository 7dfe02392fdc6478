"""The one place where errors of the database become errors of the ledger. Statements and values stay out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable
from runbook_gate.ledger.triggers import REFUSAL

_MEANINGS: dict[int, tuple[type[LedgerFault], str]] = {
    sqlite3.SQLITE_FULL: (LedgerUnwritable, "the disk is full"),
    sqlite3.SQLITE_READONLY: (LedgerUnwritable, "the store is read-only"),
    sqlite3.SQLITE_PERM: (LedgerUnwritable, "the store may not be opened"),
    sqlite3.SQLITE_AUTH: (LedgerUnwritable, "the store may not be opened"),
    sqlite3.SQLITE_CANTOPEN: (LedgerUnwritable, "the store or a file beside it cannot be opened"),
    sqlite3.SQLITE_IOERR: (LedgerUnwritable, "the disk reports an error"),
    sqlite3.SQLITE_BUSY: (LedgerUnwritable, "another process keeps the store locked"),
    sqlite3.SQLITE_LOCKED: (LedgerUnwritable, "another process keeps the store locked"),
    sqlite3.SQLITE_PROTOCOL: (LedgerUnwritable, "another process keeps the store locked"),
    sqlite3.SQLITE_NOMEM: (LedgerUnwritable, "memory ran out"),
    sqlite3.SQLITE_TOOBIG: (LedgerUnwritable, "a record is too large"),
    sqlite3.SQLITE_INTERRUPT: (LedgerUnwritable, "the operation was interrupted"),
    sqlite3.SQLITE_CORRUPT: (LedgerBroken, "the database file is damaged"),
    sqlite3.SQLITE_NOTADB: (LedgerBroken, "the file is not a database"),
    sqlite3.SQLITE_CONSTRAINT: (LedgerBroken, "a rule of the database refused a change"),
}


@contextmanager
def mapped() -> Iterator[None]:
    """Turn every error of SQLAlchemy or the driver into a LedgerFault.

    Raises:
        LedgerUnwritable: nothing of the transaction was recorded.
        LedgerBroken: the database is damaged, or one of its rules was about to be broken.
    """
    try:
        yield
    except DBAPIError as error:
        raise _fault(error.orig) from None
    except sqlite3.Error as error:
        raise _fault(error) from None
    except SQLAlchemyError as error:
        raise LedgerUnwritable(f"the store failed: {type(error).__name__}") from None


def _fault(error: BaseException | None) -> LedgerFault:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.Error) and isinstance(code, int):
        fault, meaning = _MEANINGS.get(code & 0xFF, (LedgerUnwritable, "the store failed"))
        name = error.sqlite_errorname
        if name == "SQLITE_CONSTRAINT_TRIGGER":
            meaning = f"the store is {REFUSAL}: a change or a second insert was refused"
        return fault(f"{meaning} ({name})")
    return LedgerUnwritable(f"the store failed: {type(error).__name__}")
