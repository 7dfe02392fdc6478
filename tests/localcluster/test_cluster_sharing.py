"""Several processes, one cluster: the one that started it leaves last."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

USER = """
import sys
from pathlib import Path
from runbook_gate.localcluster import shared_cluster
with shared_cluster(Path(sys.argv[1])) as cluster:
    print(cluster.server.port, cluster.server.is_ready(), flush=True)
    sys.stdin.readline()
    print(cluster.server.is_ready(), flush=True)
print("left", flush=True)
"""


def _user(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", USER, str(root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_second_process_gets_the_server_of_the_first_and_may_stay_longer(tmp_path: Path) -> None:
    with _user(tmp_path) as first:
        port, ready = _said(first)
        assert ready == "True"
        with _user(tmp_path) as second:
            assert _said(second) == [port, "True"]
            _end(first)
            assert _said(first) == ["True"]
            _end(second)
            assert _said(second) == ["True"]
            assert _said(second) == ["left"]
        assert _said(first) == ["left"]


def test_who_comes_after_the_end_gets_a_new_cluster(tmp_path: Path) -> None:
    for _ in range(2):
        with _user(tmp_path) as only:
            assert _said(only)[1] == "True"
            _end(only)
            assert _said(only) == ["True"]
            assert _said(only) == ["left"]
