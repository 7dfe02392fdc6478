"""Nothing is left running: not after the end, not after Ctrl-C, not after a SIGKILL of the parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook_gate.errors import EnvironmentFault, ServerFault
from runbook_gate.localcluster import LocalCluster, find_tool
from runbook_gate.processes import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

PARENT = """
import sys, time
from pathlib import Path
from runbook_gate.localcluster import LocalCluster
try:
    with LocalCluster.start(Path(sys.argv[1])) as cluster:
        print(cluster.etcd.process.pid, cluster.server.process.pid, flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def _all_end(pids: list[int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(_alive, pids))


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "cluster")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        process.kill()


def _servers_of(parent: subprocess.Popen[str]) -> list[int]:
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(_alive, pids))
    return pids


def test_nothing_is_left_after_the_block(tmp_path: Path) -> None:
    with LocalCluster.start(tmp_path / "cluster") as cluster:
        pids = [cluster.etcd.process.pid, cluster.server.process.pid]
    assert not any(map(_alive, pids))
    assert (tmp_path / "cluster" / "etcd.log").exists()
    assert not (tmp_path / "cluster" / "etcd").exists()


def test_nothing_is_left_after_a_sigkill_of_the_parent(parent: subprocess.Popen[str]) -> None:
    pids = _servers_of(parent)
    parent.kill()
    assert _all_end(pids)


def test_ctrl_c_reaches_the_parent_which_stops_its_servers(parent: subprocess.Popen[str]) -> None:
    pids = _servers_of(parent)
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "stopped\n"
    assert not any(map(_alive, pids))


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    process = ServerProcess("short", ["/bin/sh", "-c", "echo no such flag; exit 3"], tmp_path / "log")
    with pytest.raises(ServerFault, match="short ended while it started") as raised:
        process.start(lambda: False)
    assert "no such flag" in str(raised.value)
    assert str(tmp_path / "log") in str(raised.value)


def test_a_server_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    process = ServerProcess("sleeper", ["/bin/sleep", "60"], tmp_path / "log")
    with pytest.raises(ServerFault, match="sleeper was not ready after 0 s"):
        process.start(lambda: False, seconds=0.3)
    assert not process.running


def test_sigkill_follows_when_sigterm_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    command = ["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]
    process = ServerProcess("deaf", command, tmp_path / "log")
    process.start(lambda: "deaf" in (tmp_path / "log").read_text(encoding="utf-8"))
    pid = process.pid
    process.stop(grace_s=0.3)
    assert not _alive(pid)


def test_a_frozen_server_can_be_stopped(tmp_path: Path) -> None:
    process = ServerProcess("sleeper", ["/bin/sleep", "60"], tmp_path / "log")
    process.start(lambda: True)
    process.pause()
    began = time.monotonic()
    process.stop()
    assert time.monotonic() - began < 5


def test_a_missing_tool_names_the_command_that_builds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_TOOLS_CACHE", str(tmp_path))
    with pytest.raises(EnvironmentFault) as raised:
        find_tool("no-such-tool")
    assert "no-such-tool" in str(raised.value)
    assert raised.value.advice == "Run `make tools`."
