"""Builds a bundle from a policies/ folder, reproducibly, and checks one against the allow-list of built-ins."""

from __future__ import annotations

import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final

from runbook_gate import resources
from runbook_gate.errors import EnvironmentFault, InvalidDocument
from runbook_gate.gate.bundle import Bundle

_TIMEOUT_S: Final = 60.0


def build(policies: Path, *, opa: Path) -> Bundle:
    """Build a bundle whose revision is its content digest.

    Built from the fixed relative path `policies`, because another path gives another digest.

    Args:
        policies: a folder named `policies` with a .manifest and capabilities.json.
        opa: the opa binary.

    Returns:
        The bundle; the same bytes for the same folder and binary.

    Raises:
        InvalidDocument: with OPA's own words, if the policies do not compile.
        EnvironmentFault: opa cannot be run.
    """
    if not policies.is_dir():
        raise InvalidDocument(f"{policies}: there is no such folder.")
    if policies.name != "policies":
        raise InvalidDocument(f"{policies}: the folder must be named `policies`, or the digest changes.")
    content = _build(policies, opa=opa, revision="")
    return _build(policies, opa=opa, revision=content.content_sha256)


def check_capabilities(bundle: Bundle, *, opa: Path) -> None:
    """Refuse a bundle that uses a built-in outside capabilities.json; `opa run` itself would serve it.

    Raises:
        InvalidDocument: with OPA's own words.
        EnvironmentFault: opa cannot be run.
    """
    _check(bundle.raw, opa)


@lru_cache(maxsize=4)  # a worker asks before every run; what was refused is asked again
def _check(raw: bytes, opa: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as folder:
        path = Path(folder) / "bundle.tar.gz"
        path.write_bytes(raw)
        _opa(
            [str(opa.absolute()), "check", "-b", "--capabilities", str(resources.capabilities()), path.name],
            cwd=path.parent,
            source="bundle",
        )


def _build(policies: Path, *, opa: Path, revision: str) -> Bundle:
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as folder:
        out = Path(folder) / "bundle.tar.gz"
        command = [str(opa.absolute()), "build", "-b", "policies", "-O0", "-o", str(out), "-r", revision]
        command += ["--capabilities", "policies/capabilities.json"]
        _opa(command, cwd=policies.parent, source=str(policies))
        return Bundle.parse(out.read_bytes(), source=str(policies))


def _opa(command: list[str], *, cwd: Path, source: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
            start_new_session=True,  # Ctrl-C is for us: an opa that it ends would look like a bundle that is refused
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise EnvironmentFault(
            f"{command[0]} could not be run: {type(fault).__name__}.", advice="Run `make tools`."
        ) from fault
    if done.returncode != 0:
        raise InvalidDocument(
            f"{source}: opa {command[1]} refused it:\n{done.stderr.strip() or done.stdout.strip()}",
            advice="Correct the policies and build again.",
        )
