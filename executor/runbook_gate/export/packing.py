"""Writes an export: the same runs give the same bytes, but for the signature; one file is in memory at a time."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self

from runbook_gate.canonical import sha256_hex
from runbook_gate.export import layout


class Packing:
    """A gzipped tar that grows file by file.

    Args:
        out: where to.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._packed = gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0)
        self._tar = tarfile.open(fileobj=self._packed, mode="w|", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self._names = set[str]()
        self._sums = bytearray()

    def add(self, name: str, data: bytes) -> str:
        """Add a file, and remember its digest for the list.

        Returns:
            Its digest.
        """
        sha256 = sha256_hex(data)
        self._write(name, data)
        self._sums += f"{sha256}  {name}\n".encode()
        return sha256

    def add_once(self, name: str, data: Callable[[], bytes]) -> None:
        """Add a file unless there is one of this name, which is its digest."""
        if name not in self._names:
            self.add(name, data())

    def add_list(self) -> str:
        """Add the list of digests of all files so far.

        Returns:
            Its own digest.
        """
        self._write(layout.SUMS, bytes(self._sums))
        return sha256_hex(bytes(self._sums))

    def add_last(self, name: str, data: bytes) -> None:
        """Add a file that is in no list."""
        self._write(name, data)

    def _write(self, name: str, data: bytes) -> None:
        self._names.add(name)
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self._tar.addfile(member, io.BytesIO(data))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tar.close()
        self._packed.close()
