"""Asks for known vulnerabilities of what is locked (`make audit`): pip-audit for Python, govulncheck for the Go tools.

Both ask a database on the network. One that cannot be asked is never taken for one that knows nothing: then this ends
with 2 and says so; with 1 if something was found, with 0 only if every database answered and knew nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.build import find_go
from tools.pins import BIN, PROJECT, TOOLS

PIP_AUDIT = PROJECT / "build" / "audit" / "bin" / "pip-audit"
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))
GO_MODULE = PROJECT / "tools" / "go" / "vulnerabilities"
_FOUND = 3  # govulncheck's status for it


@dataclass(frozen=True)
class Asked:
    """What came of one question.

    Attributes:
        subject: about what.
        answered: whether a database answered.
        told: what it knows, or why it could not be asked; empty if it knows nothing.
    """

    subject: str
    answered: bool
    told: str = ""


Run = Callable[[list[str], Path], subprocess.CompletedProcess[str]]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, for at most ten minutes."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600, check=False
    )


def python_packages(lock: Path, run: Run) -> Asked:
    """Ask about the packages of one file of requirements/."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
    done = run([str(PIP_AUDIT), *options, "--requirement", str(lock)], PROJECT)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return Asked(lock.name, answered=False, told=_last(done))
    if skipped := [f"{one['name']}: {one['skip_reason']}" for one in packages if "skip_reason" in one]:
        return Asked(
            lock.name, answered=False, told=f"{len(skipped)} packages were not looked up, such as {skipped[0]}"
        )
    found = [f"{one['name']} {one['version']}: {bad['id']}" for one in packages for bad in one["vulns"]]
    return Asked(lock.name, answered=True, told="\n".join(found))


def go_program(binary: Path, go: Path, run: Run) -> Asked:
    """Ask about the modules that a program was built of."""
    done = run([str(go), "tool", "govulncheck", "-mode=binary", str(binary.resolve())], GO_MODULE)
    if done.returncode not in (0, _FOUND):
        return Asked(binary.name, answered=False, told=_last(done))
    return Asked(binary.name, answered=True, told=done.stdout if done.returncode == _FOUND else "")


def verdict(every: list[Asked]) -> int:
    """Tell what came of it; returns the exit status."""
    for one in every:
        word = "could not be asked" if not one.answered else "vulnerable" if one.told else "nothing known"
        sys.stdout.write(f"{one.subject}: {word}\n{_indented(one.told)}")
    if unasked := [one.subject for one in every if not one.answered]:
        sys.stderr.write(f"error: no database answered about {', '.join(unasked)}: of these nothing is known. ")
        sys.stderr.write("Both need the network: PyPI's advisories and https://vuln.go.dev.\n")
        return 2
    return 1 if any(one.told for one in every) else 0


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[-1] if lines else f"ended with {done.returncode} and said nothing"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _asked() -> Iterator[Asked]:
    for lock in LOCKS:
        yield python_packages(lock, run)
    go = find_go(TOOLS[0])
    for tool in TOOLS:
        yield go_program(BIN / tool.name, go, run)


if __name__ == "__main__":
    sys.exit(verdict(list(_asked())))
