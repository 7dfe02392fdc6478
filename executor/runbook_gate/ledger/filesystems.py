"""Whether a file system is fit for an SQLite store: local, durable, with locks that work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runbook_gate.errors import LedgerUnwritable

_MOUNTS: Final = Path("/proc/self/mountinfo")
_VOLATILE: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
_REMOTE: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "glusterfs", "gfs2", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
        "ocfs2", "orangefs", "smb3", "smbfs", "virtiofs", "vboxsf",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Where a store lies.

    Attributes:
        kind: the file system's type, as in /proc/self/mountinfo.
        unfit: why no store may lie there; None if it may.
    """

    kind: str
    unfit: str | None


def filesystem_kind(path: Path, mounts: Path = _MOUNTS) -> FileSystem:
    """Look up the file system of a path.

    Args:
        path: the store's file, which need not exist yet.
        mounts: the table of mounts.

    Returns:
        Its type, and whether it is fit.
    """
    wanted = path.resolve()
    best, kind, root = -1, "unknown", ""
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        fields = [_plain(field) for field in before.split(" ")]
        point = Path(fields[4])
        if wanted.is_relative_to(point) and len(point.parts) >= best:  # of two mounts on one point the later
            best, kind, root = len(point.parts), after.split(" ")[0], fields[3]
    return FileSystem(kind, _unfit(kind, root))


def require_fit(path: Path) -> None:
    """See that a store may lie somewhere.

    Args:
        path: the store's file, which need not exist yet.

    Raises:
        LedgerUnwritable: if it may not.
    """
    place = filesystem_kind(path)
    if place.unfit:
        raise LedgerUnwritable(f"{path} lies on {place.kind}: {place.unfit}", advice="Keep the store on a local disk.")


def _unfit(kind: str, root: str) -> str | None:
    if kind in _VOLATILE:
        return "it lives in memory and is gone after a restart"
    if "/kubernetes.io~empty-dir/" in f"{root}/":
        return "it is an emptyDir and is gone with the pod"
    if kind in _REMOTE or kind.startswith("fuse"):
        return "locks and syncs of a network or user-space file system cannot be relied on"
    return None


def _plain(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
