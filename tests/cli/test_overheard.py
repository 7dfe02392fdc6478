"""What a library says by itself: one line in the log's own form, with none of its values and no frames."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runbook_gate.cli.logged import Log
from runbook_gate.cli.overheard import on_stderr, overhear

LIBRARY = logging.Logger("sqlalchemy.pool.impl.QueuePool")  # below no other, so pytest does not hear it first
SAID = "Exception during reset or similar"
LATE = """
import atexit, logging
from runbook_gate.cli.main import main
atexit.register(logging.getLogger("sqlalchemy.pool").error, "no reset of %s", "a-secret")
main()
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)


def say(text: str = SAID, *values: object) -> None:
    LIBRARY.error(text, *values, exc_info=ConnectionError("password=a-secret"))


def test_a_log_has_it_as_a_line_of_its_own_form() -> None:
    file = io.StringIO()
    overhear(Log("json", file).line)
    say("no reset of %s", "a-secret")
    LIBRARY.info("nobody asked")
    told: list[dict[str, Any]] = [json.loads(line) for line in file.getvalue().splitlines()]
    for line in told:
        del line["timestamp"]
    assert told == [
        {
            "event": "library",
            "level": "error",
            "logger": LIBRARY.name,
            "message": "no reset of %s",
            "kind": "ConnectionError",
        }
    ]


def test_people_read_one_line_and_no_frames(capfd: pytest.CaptureFixture[str]) -> None:
    overhear(on_stderr)
    say()
    LIBRARY.warning("odd\x1b[2J")
    assert capfd.readouterr().err.splitlines() == [
        f"Error of {LIBRARY.name}: {SAID} (ConnectionError)",
        f"Warning of {LIBRARY.name}: odd\ufffd[2J",
    ]


def test_every_command_has_it_on_a_line_and_work_in_its_own_form(tmp_path: Path) -> None:
    assert last_line(tmp_path, "status") == "Error of sqlalchemy.pool: no reset of %s"
    assert json.loads(last_line(tmp_path, "work", "--log", "json"))["logger"] == "sqlalchemy.pool"


def last_line(folder: Path, *words: str) -> str:
    """What a process says on stderr, whose library says something when all else is over."""
    command = [sys.executable, "-c", LATE, "--config", "none.toml", *words]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True).stderr.splitlines()[-1]
