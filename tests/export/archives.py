"""Archives as somebody hostile would make them."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Member = tuple[tarfile.TarInfo, bytes]


def plain(name: str, data: bytes) -> Member:
    """A file."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def special(name: str, kind: bytes, target: str = "") -> Member:
    """Something that is no file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def write(out: Path, members: Iterable[Member], *, format: int = tarfile.USTAR_FORMAT, after: bytes = b"") -> Path:  # noqa: A002
    """Write an archive."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=format) as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    out.write_bytes(gzip.compress(raw.getvalue() + after, mtime=0))
    return out


def of_files(out: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive of plain files."""
    return write(out, (plain(name, data) for name, data in files.items()))
