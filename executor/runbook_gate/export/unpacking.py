"""Reads an export as if somebody hostile had made it.

- Nothing becomes a file under its own name: contents go into one temporary database, by name.
- Only plain files with names that an export has: no folders, links, devices, extended headers, and no name twice.
- Sizes, their sum, their number and how much larger than packed they are have limits, checked before anything is kept.
- After the end of the archive there is nothing.
"""

from __future__ import annotations

import gzip
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from runbook_gate.errors import InvalidDocument
from runbook_gate.export import layout

_BLOCK: Final = tarfile.BLOCKSIZE
_ZERO: Final = bytes(_BLOCK)


class Unpacked:
    """The files of an export, for the time of a block.

    Args:
        file: the export.

    Raises:
        InvalidDocument: when the block begins: it is no export, or one that nobody should unpack.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="runbook-gate-")
        self._database = sqlite3.connect(Path(self._folder.name) / "files.sqlite", check_same_thread=False)
        try:
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("CREATE TABLE files (name TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID")
            self._fill()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def get(self, name: str) -> bytes | None:
        """A file's content; None if there is none."""
        row = self._database.execute("SELECT data FROM files WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def names(self, begin: str = "") -> Iterator[str]:
        """Names that begin so, in order."""
        wanted = "SELECT name FROM files WHERE name >= ? AND name < ? ORDER BY name"
        for (name,) in self._database.execute(wanted, (begin, begin + "\x7f")):
            yield name

    def __contains__(self, name: str) -> bool:
        return self._database.execute("SELECT 1 FROM files WHERE name = ?", (name,)).fetchone() is not None

    def _fill(self) -> None:
        try:
            with self._file.open("rb") as packed, gzip.GzipFile(fileobj=packed) as plain:
                for name, data in _files(plain, layout.room(self._file.stat().st_size)):
                    self._database.execute("INSERT INTO files VALUES (?, ?)", (name, data))
            self._database.commit()
        except _Refused as refused:
            raise self._refused(str(refused)) from None
        except sqlite3.IntegrityError:
            raise self._refused("it holds a name twice") from None
        except FileNotFoundError as fault:
            raise InvalidDocument(f"{self._file}: {fault.strerror}.") from None
        except (OSError, EOFError, zlib.error):
            raise self._refused("it is no gzipped tar, or not all of it") from None

    def _refused(self, problem: str) -> InvalidDocument:
        return InvalidDocument(
            f"{self._file}: not an export: {problem}.", advice="Make one with `runbook-gate evidence export`."
        )


class _Refused(Exception):
    """Why an archive is not read."""


def _files(plain: gzip.GzipFile, room: int) -> Iterator[tuple[str, bytes]]:
    number = 0
    while (block := _exactly(plain, _BLOCK)) != _ZERO:
        name, size = _header(block)
        number, padded = number + 1, -(-size // _BLOCK) * _BLOCK
        room -= _BLOCK + padded
        if number > layout.MOST_FILES or room < 0:
            raise _Refused("it is larger than any export of its packed size")
        yield name, _exactly(plain, padded)[:size]
    while rest := plain.read(tarfile.RECORDSIZE):
        room -= len(rest)
        if rest.strip(b"\0") or room < 0:
            raise _Refused("it goes on after its end")


def _header(block: bytes) -> tuple[str, int]:
    """Name and size of the file that a header announces."""
    member = None
    with suppress(tarfile.HeaderError, ValueError):
        member = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    if member is None:
        raise _Refused("a header in it is broken")
    if member.type != tarfile.REGTYPE:
        raise _Refused("it holds something else than plain files")
    if not layout.is_name(member.name):
        raise _Refused("it holds a name that no export has")
    if not 0 <= member.size <= layout.largest(member.name):
        raise _Refused("a file in it is too large")
    return member.name, member.size


def _exactly(plain: gzip.GzipFile, size: int) -> bytes:
    data = plain.read(size)
    if len(data) != size:
        raise EOFError
    return data
