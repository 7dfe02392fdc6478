"""The files in a bundle, read as if somebody else had made it."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from runbook_gate.errors import InvalidDocument

_LIMIT: Final = 16 * 1024 * 1024


def unpack(raw: bytes, *, source: str) -> Mapping[str, bytes]:
    """Unpack a bundle file in memory.

    Args:
        raw: a gzipped tar.
        source: name for messages.

    Returns:
        Content by path, without a leading slash.

    Raises:
        InvalidDocument: it is no gzipped tar, or more than 16 MiB unpacked, or holds anything but plain files
            and folders, a path that leads out of it or cannot be printed, or a path twice.
    """
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_plain(raw, source)), mode="r:") as tar:
            for member in tar:
                if not member.isdir():
                    name = _path(member, source)
                    if name in files:
                        raise _refused(source, "it holds a path twice")
                    files[name] = _content(tar, member)
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError) as fault:
        raise _refused(source, "it is no gzipped tar") from fault
    return files


def _plain(raw: bytes, source: str) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as unpacked:
        plain = unpacked.read(_LIMIT + 1)
    if len(plain) > _LIMIT:
        raise _refused(source, "more than 16 MiB are not read")
    return plain


def _path(member: tarfile.TarInfo, source: str) -> str:
    if not member.isreg() or member.issparse():
        raise _refused(source, "it holds something else than files and folders")
    parts = [part for part in PurePosixPath(member.name).parts if part.strip("/")]
    if not parts or ".." in parts:
        raise _refused(source, "it holds a path that leads out of it")
    if not "".join(parts).isprintable():  # a line break could forge the list that is hashed
        raise _refused(source, "it holds a path that cannot be printed")
    return "/".join(parts)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    return stream.read() if stream else b""


def _refused(source: str, problem: str) -> InvalidDocument:
    return InvalidDocument(f"{source}: not a bundle: {problem}.", advice="Build one with `runbook-gate policy build`.")
