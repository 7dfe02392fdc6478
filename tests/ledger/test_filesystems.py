"""Which file systems are fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_gate.ledger import filesystem_kind

MOUNTS = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /proc rw - proc proc rw
24 22 0:22 / /dev/shm rw - tmpfs tmpfs rw
25 22 0:40 / /srv/nfs rw shared:1 master:2 - nfs4 server:/export rw,vers=4.2
26 22 0:41 / /srv/nfs/local rw - xfs /dev/vdb rw
27 22 0:42 / /mnt/with\040space rw - cifs //server/share rw
28 22 254:1 /var/lib/kubelet/pods/0c7b/volumes/kubernetes.io~empty-dir/state /state rw - ext4 /dev/vda rw
29 22 0:43 / /container rw - overlay overlay rw
30 22 0:44 / /home/me rw - fuse.sshfs me@host: rw
31 22 0:45 / /twice rw - ext4 /dev/vdc rw
32 22 0:46 / /twice rw - tmpfs tmpfs rw
33 22 0:47 / /wsl rw - 9p C: rw
34 22 0:48 / /vm rw - virtiofs share rw
""".lstrip()


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS, encoding="utf-8")
    return table


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/runbook-gate/ledger.db", "ext4"),
        ("/srv/nfs/local/ledger.db", "xfs"),
        ("/srv/nfsother/ledger.db", "ext4"),
        ("/container/ledger.db", "overlay"),
    ],
)
def test_fit(mounts: Path, path: str, kind: str) -> None:
    place = filesystem_kind(Path(path), mounts)
    assert (place.kind, place.unfit) == (kind, None)


@pytest.mark.parametrize(
    ("path", "kind", "why"),
    [
        ("/dev/shm/x/ledger.db", "tmpfs", "memory"),
        ("/srv/nfs/ledger.db", "nfs4", "network"),
        ("/mnt/with space/ledger.db", "cifs", "network"),
        ("/state/ledger.db", "ext4", "emptyDir"),
        ("/home/me/ledger.db", "fuse.sshfs", "network"),
        ("/twice/ledger.db", "tmpfs", "memory"),
        ("/wsl/ledger.db", "9p", "network"),
        ("/vm/ledger.db", "virtiofs", "network"),
    ],
)
def test_unfit(mounts: Path, path: str, kind: str, why: str) -> None:
    place = filesystem_kind(Path(path), mounts)
    assert place.kind == kind
    assert place.unfit is not None
    assert why in place.unfit


def test_links_are_followed(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/shm")
    assert filesystem_kind(tmp_path / "link" / "ledger.db", mounts).kind == "tmpfs"


def test_this_machine() -> None:
    assert filesystem_kind(Path("/proc/self")).kind == "proc"
