"""The demo as a newcomer meets it: it ends well, or it ends early, and leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import Call

PROGRAM = Path(sys.executable).with_name("runbook-gate")
pytestmark = pytest.mark.scenario


def processes(folder: Path) -> dict[str, int]:
    """Processes that work in a folder or were given a path in it, the demo itself left out: name to id."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            told = b" ".join(words).decode(errors="replace") + str((entry / "cwd").readlink())
        except OSError:
            continue
        if entry.name.isdecimal() and str(folder) in told and b"demo" not in words:
            found[Path(words[0].decode()).name] = int(entry.name)
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path leaves room for the name of OPA's socket."""
    with tempfile.TemporaryDirectory(prefix="rg-") as short:
        yield Path(short)


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start it; its temporary files lie below the folder, so that its processes can be found."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "TMPDIR": str(temporary), "COLUMNS": "80"}
    with subprocess.Popen(
        [PROGRAM, "demo", "--folder", str(folder / "demo"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Its lines up to the one that has a text."""
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} was never told: {lines}")


def gone(folder: Path) -> bool:
    """Whether nothing is left a moment later."""
    deadline = time.monotonic() + 5
    while left := processes(folder):
        if time.monotonic() > deadline:
            raise AssertionError(f"left behind: {left}")
        time.sleep(0.05)
    return True


def test_both_acts_are_played_and_read_well_at_80_columns(folder: Path) -> None:
    with demo(folder) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert gone(folder)
    lines = out.splitlines()
    assert lines[0].startswith("This takes about 20 s: ")
    for told in ("cp0 intake", "cp1 revalidation", "cp2 write", "cp3 verification", "cp4 completion"):
        assert any(line.startswith(told) for line in lines)
    assert any(line.startswith("# Escalation esc-") for line in lines)
    wide = [line for line in lines if len(line) > 80]
    assert all(str(folder) in line or line.lstrip().startswith("`") for line in wide), wide
    assert not any(line.endswith(" ") for line in lines)


def test_what_it_leaves_can_be_looked_at(folder: Path, call: Call) -> None:
    with demo(folder, "-o", "json") as process:
        out, _ = process.communicate(timeout=120)
    told = json.loads(out)
    assert (process.returncode, told["as_expected"], told["ledger"]) == (0, True, "chain consistent")
    assert told["outcomes"] == {"restore-psa-0001": "complete", "restore-psa-0002": "escalated"}
    config = Path(told["folder"]) / "runbook-gate.toml"
    assert call("--config", config, "ledger", "verify").status == 0
    assert call("--config", config, "show", "restore-psa-0001", "-o", "json").document["state"] == "completed"
    assert len(call("--config", config, "escalations", "list", "-o", "json").document["escalations"]) == 1
    assert {path.suffix for path in (Path(told["folder"]) / "packets").iterdir()} == {".md", ".json"}


@pytest.mark.parametrize(
    ("moment", "number", "running"),
    [
        ("about 5 s", signal.SIGINT, set()),
        ("cp0 intake", signal.SIGINT, {"etcd", "kube-apiserver", "opa"}),
        ("waiting until", signal.SIGINT, {"etcd", "kube-apiserver", "opa"}),
        ("waiting until", signal.SIGTERM, {"etcd", "kube-apiserver", "opa"}),
    ],
)
def test_whoever_stops_it_leaves_nothing_running(
    folder: Path, moment: str, number: signal.Signals, running: set[str]
) -> None:
    with demo(folder) as process:
        read_until(process, moment)
        assert running <= set(processes(folder))
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert gone(folder)
    assert process.returncode == 12
    assert err.splitlines()[-2:] == [
        "Error: Interrupted.",
        "Start the same command again; a run goes on from its ledger.",
    ]


def test_an_error_leaves_nothing_running(folder: Path) -> None:
    with demo(folder) as process:
        read_until(process, "waiting until")
        os.kill(processes(folder)["opa"], signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        assert gone(folder)
    assert process.returncode == 12
    assert "Error: " in err
    assert "Traceback" not in err


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path, call: Call) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    refused = call("demo", "--folder", tmp_path / "there", "-o", "json")
    assert (refused.status, refused.document["error"]["message"]) == (
        2,
        f"--folder {tmp_path / 'there'}: it is not empty.",
    )
