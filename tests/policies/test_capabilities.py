"""The allow-list of built-ins: nothing in it depends on anything but the input and the bundle."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runbook_gate.binaries import find_tool

POLICIES = Path(__file__).resolve().parents[2] / "policies"
FORBIDDEN = ("time.", "http.", "net.", "rand.", "uuid.", "opa.", "io.jwt.", "crypto.x509.", "graphql.", "providers.")
OUTSIDE = {"json.match_schema", "json.verify_schema", "trace", "print", "internal.print", "rego.parse_module"}


def _opa(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(find_tool("opa")), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def allowed() -> dict[str, Any]:
    found = json.loads((POLICIES / "capabilities.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_every_built_in_is_that_of_the_pinned_opa(allowed: dict[str, Any]) -> None:
    current = {one["name"]: one for one in json.loads(_opa("capabilities", "--current").stdout)["builtins"]}
    assert [one["name"] for one in allowed["builtins"] if one != current.get(one["name"])] == []


def test_nothing_depends_on_anything_but_the_input(allowed: dict[str, Any]) -> None:
    for one in allowed["builtins"]:
        assert not one.get("nondeterministic"), one["name"]
        assert not one.get("deprecated"), one["name"]
        assert not one["name"].startswith(FORBIDDEN), one["name"]
        assert one["name"] not in OUTSIDE
    assert allowed["allow_net"] == []


@pytest.mark.parametrize("call", ["time.now_ns()", 'http.send({"method": "GET", "url": "https://x"})', "opa.runtime()"])
def test_a_policy_with_another_built_in_does_not_build(tmp_path: Path, call: str) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "x.rego").write_text(f"package gate\n\nx := {call}\n", encoding="utf-8")
    capabilities = str(POLICIES / "capabilities.json")
    refused = _opa("check", "-b", "--capabilities", capabilities, "policies", cwd=tmp_path)
    assert refused.returncode != 0
    assert re.search(r"undefined function|rego_type_error", refused.stderr)


@pytest.mark.parametrize(
    ("field", "package"),
    [("input.observed.gather.body.registers.no_such_register", "checks.x"), ("input.no_such_field", "gate")],
)
def test_a_misspelt_field_does_not_compile(tmp_path: Path, field: str, package: str) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "x.rego").write_text(
        f"# METADATA\n# schemas:\n#   - input: schema.decision_input\npackage {package}\n\nx := {field}\n",
        encoding="utf-8",
    )
    refused = _opa("check", "--strict", "--schema", str(POLICIES.parent / "schemas"), "-b", "policies", cwd=tmp_path)
    assert refused.returncode != 0
    assert "undefined ref" in refused.stderr
