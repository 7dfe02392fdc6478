"""One cluster for several processes, such as the workers of a parallel test run."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import IO, TYPE_CHECKING

from runbook_gate.localcluster.cluster import LocalCluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def shared_cluster(root: Path) -> Iterator[LocalCluster]:
    """A cluster that every process gets that asks with the same folder.

    The first to ask starts it, and at the end of its block waits until the others have left theirs. Nobody
    can stop or freeze what is shared: the servers of the result belong to no process.
    """
    with contextlib.ExitStack() as started:
        with _lock(root / "shared.lock"):
            ports = _ports(root) or _start(root, started)
            folder = root / str(ports["folder"])
            users = started.enter_context((folder / "users.lock").open("w"))
            fcntl.flock(users, fcntl.LOCK_SH)
        yield LocalCluster.attach(folder, etcd_port=int(ports["etcd"]), server_port=int(ports["server"]))
        if ports["owner"] == os.getpid():
            _await_others(root, users)


def _ports(root: Path) -> dict[str, str | int] | None:
    state = root / "shared.json"
    ports: dict[str, str | int] | None = json.loads(state.read_text(encoding="utf-8")) if state.exists() else None
    return ports


def _start(root: Path, started: contextlib.ExitStack) -> dict[str, str | int]:
    folder = root / f"cluster-{os.getpid()}"
    cluster = started.enter_context(LocalCluster.start(folder))
    ports: dict[str, str | int] = {
        "folder": folder.name,
        "etcd": cluster.etcd.port,
        "server": cluster.server.port,
        "owner": os.getpid(),
    }
    (root / "shared.json").write_text(json.dumps(ports), encoding="utf-8")
    return ports


def _await_others(root: Path, users: IO[str]) -> None:
    with _lock(root / "shared.lock"):
        (root / "shared.json").unlink()
    fcntl.flock(users, fcntl.LOCK_EX)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
