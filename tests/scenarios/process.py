"""The real command line in a process of its own, with the configuration of a theatre."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Settings

_PROGRAM = Path(sys.executable).with_name("runbook-gate")


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
