"""Runs the Rego tests against mutants, on one OPA that keeps everything else loaded."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from tools.mutants.mutations import Mutant

from runbook_gate.processes import ServerProcess

Outcome = Literal["killed", "survived", "uncompilable"]
_TEST = re.compile(r"^(test_\w+) if\b", re.MULTILINE)
_PACKAGE = re.compile(r"^package (\S+)", re.MULTILINE)
_TIMEOUT_S = 60.0


class Trial:
    """One OPA with policies, tests and fixtures; each mutant takes the place of its file in it.

    Attributes:
        groups: the tests that are asked together, by the name of their rule.
    """

    def __init__(self, root: Path, socket_path: Path) -> None:
        self._root, self._socket = root, socket_path
        self.groups = _groups(root)
        self._mutated: str | None = None
        self._kills: Counter[str] = Counter()
        self._cost: dict[str, float] = {}

    def prepare(self) -> None:
        """Load the rules that ask for tests together, and see that the tests pass as they are.

        Raises:
            RuntimeError: some test fails without any mutant.
        """
        rules = [f"{name} if {{\n\t{chr(10).join(tests)}\n}}\n" for name, tests in self.groups.items()]
        self._put("asked.rego", "package asked\n\n" + "\n".join(rules))
        failing = [name for name in self.groups if not self._timed(name)]
        if failing:
            raise RuntimeError(f"these tests fail without any mutant: {failing}")

    def outcome(self, mutant: Mutant) -> Outcome:
        """What becomes of a mutant: killed as soon as one test does not pass."""
        if self._mutated not in {None, mutant.file}:
            self._put(str(self._mutated), (self._root / str(self._mutated)).read_text(encoding="utf-8"))
            self._kills.clear()
        self._mutated = mutant.file
        if self._put(mutant.file, mutant.text) != 200:
            return "uncompilable"
        for name in self._order(mutant.file):
            if not self._passes(name):
                self._kills[name] += 1
                return "killed"
        return "survived"

    def _order(self, file: str) -> list[str]:
        """First what killed before in this file, then the file's own tests, then the rest, quick ones first."""
        own = Path(file).parent.name
        return sorted(self.groups, key=lambda name: (-self._kills[name], own not in name, self._cost[name]))

    def _timed(self, name: str) -> bool:
        begun = time.perf_counter()
        passes = self._passes(name)
        self._cost[name] = time.perf_counter() - begun
        return passes

    def _passes(self, name: str) -> bool:
        try:
            status, answer = self._request("POST", f"/v1/data/asked/{name}?strict-builtin-errors=true", b"")
        except TimeoutError:
            return False  # `opa test` has a limit for each test, too
        return status == 200 and answer.get("result") is True

    def _put(self, file: str, text: str) -> int:
        return self._request("PUT", f"/v1/policies/{quote(file)}", text.encode())[0]

    def _request(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("localhost", timeout=_TIMEOUT_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(_TIMEOUT_S)
        connection.sock.connect(str(self._socket))
        try:
            connection.request(method, target, body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()


@contextmanager
def trial(root: Path, opa: Path) -> Iterator[Trial]:
    """An OPA of one's own, ready for mutants."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        path = Path(folder) / "opa.sock"
        command = [str(opa.absolute()), "run", "--server", "--skip-version-check", "--log-level=error"]
        command += ["--addr", f"unix://{path}", "policies", "policy-tests", "fixtures:fixtures/decisions"]
        server = ServerProcess("opa", command, Path(folder) / "opa.log", cwd=root, env={"GOGC": "400"})
        server.start(lambda: _listens(path), seconds=60)
        try:
            one = Trial(root, path)
            one.prepare()
            yield one
        finally:
            server.stop(grace_s=1)


def survives(root: Path, opa: Path, mutant: Mutant) -> bool:
    """Whether `opa test` itself lets a mutant pass, in a copy of the policies."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        shutil.copytree(root / "policies", copy / "policies")
        (copy / mutant.file).write_text(mutant.text, encoding="utf-8")
        tests = [str(root / "policy-tests"), f"fixtures:{root / 'fixtures' / 'decisions'}"]
        command = [str(opa.absolute()), "test", "--timeout", "60s", "policies", *tests]
        return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode == 0


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
    return True


def _groups(root: Path) -> dict[str, list[str]]:
    """The tests of a package together; those of the gate, which ask about every case, one by one."""
    groups: dict[str, list[str]] = {}
    for file in sorted((root / "policy-tests").rglob("*_test.rego")):
        text = file.read_text(encoding="utf-8")
        named = _PACKAGE.search(text)
        package = named.group(1) if named else ""
        tests = [f"data.{package}.{test}" for test in _TEST.findall(text)]
        if package == "gate_test":
            groups.update({f"gate_{index}": [test] for index, test in enumerate(tests)})
        else:
            groups.setdefault(package.replace(".", "_"), []).extend(tests)
    return groups
