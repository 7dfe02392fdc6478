"""Runs the opa binary for what it does with files: build, check, inspect, eval."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runbook_gate.errors import EnvironmentFault, InvalidDocument
from runbook_gate.printable import printable

BUNDLE: Final = "bundle.tar.gz"
_TIMEOUT_S: Final = 60.0


def run_opa(arguments: Sequence[str], *, opa: Path, cwd: Path, source: str, stdin: bytes = b"") -> bytes:
    """Run one command of OPA in an empty environment.

    Args:
        arguments: without the program's name.
        opa: the opa binary.
        cwd: folder that relative paths are seen from.
        source: name of what is worked on, for messages.
        stdin: what the command reads.

    Returns:
        What it printed.

    Raises:
        InvalidDocument: with OPA's own words, if it refuses the policies.
        EnvironmentFault: opa cannot be run.
    """
    command = [str(opa.absolute()), *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={},
            input=stdin,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            start_new_session=True,  # Ctrl-C is for us: an opa that it ends would look like a bundle that is refused
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise EnvironmentFault(
            f"{command[0]} could not be run: {type(fault).__name__}.", advice="Run `make tools`."
        ) from fault
    if done.returncode != 0:
        told = _told(done.stderr) or _told(done.stdout)
        raise InvalidDocument(
            f"{source}: opa {arguments[0]} refused it:\n{told}", advice="Correct the policies and build again."
        )
    return done.stdout


def _told(raw: bytes) -> str:
    """OPA's words; its excerpts hold tabs, and whatever a file holds."""
    return "\n".join(printable(line.expandtabs(4)) for line in raw.decode(errors="replace").strip().splitlines())


def run_opa_on(bundle: bytes, arguments: Sequence[str], *, opa: Path, stdin: bytes = b"") -> bytes:
    """Run one command of OPA in a folder that has a bundle and nothing else.

    Args:
        bundle: content of the bundle file, which the arguments name as `BUNDLE`.
        arguments: without the program's name.
        opa: the opa binary.
        stdin: what the command reads.

    Returns:
        What it printed.

    Raises:
        InvalidDocument: with OPA's own words, if it refuses the policies.
        EnvironmentFault: opa cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as folder:
        (Path(folder) / BUNDLE).write_bytes(bundle)
        return run_opa(arguments, opa=opa, cwd=Path(folder), source="bundle", stdin=stdin)
