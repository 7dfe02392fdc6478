"""Every command about policies asks the opa binary that is named or configured, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call

from runbook_gate import resources

CASE = resources.policies().parent / "fixtures" / "decisions" / "pass" / "cp0" / "intake.json"
POLICIES = resources.policies()
COMMANDS: list[tuple[list[object], set[str]]] = [
    (["policy", "explain", CASE], {"build", "inspect", "eval"}),
    (["policy", "inspect", POLICIES], {"build", "inspect", "parse"}),
    (["policy", "diff", POLICIES, POLICIES], {"build", "inspect"}),
    (["policy", "build", "--allow-dirty"], {"build", "inspect"}),
    (["runbook", "show", "v3"], {"build", "inspect"}),
    (["runbook", "diff", "v2", "v3"], {"build"}),
]


@pytest.fixture
def counting(tmp_path: Path, opa_binary: Path) -> Path:
    """An opa that notes what it was asked."""
    opa = tmp_path / "counting-opa"
    opa.write_text(f'#!/bin/sh\necho "$1" >> "{tmp_path}/asked"\nexec "{opa_binary}" "$@"\n', encoding="utf-8")
    opa.chmod(0o755)
    return opa


@pytest.mark.parametrize(("arguments", "asked"), COMMANDS, ids=[" ".join(map(str, row[0][:2])) for row in COMMANDS])
def test_the_configured_one_is_asked_and_the_named_one_before_it(
    call: Call, tmp_path: Path, counting: Path, arguments: list[object], asked: set[str]
) -> None:
    (tmp_path / "runbook-gate.toml").write_text(f'[opa]\nbinary = "{counting.name}"\n', encoding="utf-8")
    told = call(*arguments)
    assert (told.status, told.err) == (0, "")
    assert set((tmp_path / "asked").read_text(encoding="utf-8").split()) == asked
    (tmp_path / "runbook-gate.toml").write_text('[opa]\nbinary = "missing-opa"\n', encoding="utf-8")
    assert "missing-opa could not be run" in call(*arguments).err
    assert call(*arguments, "--opa", counting).status == 0
