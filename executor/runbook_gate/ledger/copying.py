"""A store's file as one file elsewhere, made while others go on writing to it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from runbook_gate.errors import LedgerUnwritable, UsageFault
from runbook_gate.ledger.faults import mapped

Copied = Callable[[int, int], None]
_PAGES: Final = 1024  # copied at once


@contextmanager
def new_file(place: Path) -> Iterator[Path]:
    """A file that only its owner may read, under another name until the block has ended well; then it is durable.

    Args:
        place: the name that it gets.

    Yields:
        The file under its first name.

    Raises:
        UsageFault: there is a file of this name, or comes to be one meanwhile.
        LedgerUnwritable: the folder cannot be written.
    """
    require_free(place)
    partial: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent)
        os.close(descriptor)
        partial = Path(name)
        yield partial
        _require_whole(partial)
        _sync(partial)
        os.link(partial, place)  # unlike a rename, it never takes the place of another file
        partial.unlink()
        _sync(place.parent)
    except FileExistsError:
        require_free(place)
    except OSError as fault:
        raise LedgerUnwritable(
            f"{place} cannot be written: {fault.strerror}", advice="Name a file in a writable folder with enough space."
        ) from None
    finally:
        if partial:
            for ending in ("", "-wal", "-shm", "-journal"):
                partial.with_name(partial.name + ending).unlink(missing_ok=True)


def require_free(place: Path) -> None:
    """See that there is no file of a name, nor one that SQLite would take for a part of it.

    Raises:
        UsageFault: there is one.
    """
    for ending in ("", "-wal", "-journal"):
        if os.path.lexists(file := place.with_name(place.name + ending)):
            raise UsageFault(
                f"{file} is there already.",
                advice="Name another file, or move this one away; nothing is ever overwritten.",
            )


def copy(source: Path, target: Path, copied: Copied) -> None:
    """Copy a store as it is at one moment, in one file without a log beside it.

    Args:
        source: its file; others may write to it meanwhile, and never wait.
        target: an empty file.
        copied: hears how many pages of how many there are.

    Raises:
        LedgerFault: it cannot be read, or the copy cannot be written.
    """
    uri = f"file:{quote(os.fsencode(source.absolute()))}?mode=ro"
    with mapped(source), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as opened:
        opened.execute("PRAGMA busy_timeout = 5000")
        opened.execute("BEGIN")  # in WAL mode it sees one state to its end, whoever writes
        opened.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with mapped(target), closing(sqlite3.connect(target, isolation_level=None)) as made:
            made.execute("PRAGMA synchronous = FULL")
            opened.backup(made, pages=_PAGES, progress=lambda _status, left, pages: copied(pages - left, pages))
            made.execute("PRAGMA journal_mode = DELETE")


def _require_whole(partial: Path) -> None:
    log = partial.with_name(f"{partial.name}-wal")
    if log.exists() and log.stat().st_size:
        raise LedgerUnwritable(f"{log} was not written back into its file", advice="Start the command again.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
