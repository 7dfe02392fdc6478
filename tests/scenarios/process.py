"""The real command line with the configuration of a theatre: in a process of its own, or called in this one.

A process takes a second of work to start, so what is not about processes is called.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.scenarios.theatre import Theatre

from runbook_gate.cli.main import run
from runbook_gate.configuration import Settings

_PROGRAM = Path(sys.executable).with_name("runbook-gate")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one document that `-o json` puts on stdout."""
        return json.loads(self.out)


def variables(settings: Settings) -> dict[str, str]:
    """A configuration as variables of the environment."""
    stated: dict[str, Any] = settings.model_dump(mode="json", exclude_none=True)
    return {
        f"RUNBOOK_GATE_{name.upper()}": json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in stated.items()
    }


def environment(settings: Settings) -> dict[str, str]:
    """The whole environment of a process with this configuration."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables(settings)}


def start(theatre: Theatre, *arguments: str) -> subprocess.Popen[str]:
    """Start `runbook-gate ARGUMENTS`."""
    return subprocess.Popen(
        [str(_PROGRAM), *arguments],
        cwd=theatre.folder,
        env=environment(theatre.settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def status(theatre: Theatre, *arguments: str) -> int:
    """Exit status of `runbook-gate ARGUMENTS`, which may take a minute."""
    with start(theatre, *arguments) as process:
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode


def called(theatre: Theatre, *arguments: str) -> Said:
    """Call what the console script calls, with such a process's folder and environment, and keep what it says."""
    out, err = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.dict(os.environ, environment(theatre.settings), clear=True),
        chdir(theatre.folder),
    ):
        ended = run(list(arguments))
    return Said(ended, out.getvalue(), err.getvalue())
