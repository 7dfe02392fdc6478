"""What the README says is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from runbook_gate import errors
from runbook_gate.cli.main import COMMANDS, cli
from runbook_gate.configuration import load

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEPLOYING = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
USED = re.findall(r"^ *runbook-gate (.+)$", README + DEPLOYING, re.MULTILINE)


def test_the_first_two_commands_are_targets_of_the_makefile() -> None:
    told = re.findall(r"^    (make [a-z]+)$", README, re.MULTILINE)
    assert told == ["make demo", "make test"]
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)


@pytest.mark.parametrize("line", USED)
def test_every_command_in_the_readme_is_one_with_these_options(line: str) -> None:
    words = line.split()
    path = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    helped = CliRunner().invoke(cli, [*path, "--help"])
    assert helped.exit_code == 0, helped.output
    for option in (word for word in words if word.startswith("--")):
        assert option in helped.output


def test_every_command_is_in_the_readme_or_the_changelog() -> None:
    told = README + (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}" not in told and f"runbook-gate {name}" not in told] == []


def test_the_exit_statuses_of_the_errors_are_those_of_the_table() -> None:
    table = {int(status) for status in re.findall(r"^\| (\d+) \| [a-z]", README, re.MULTILINE)}
    raised = {
        error.exit_status
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.RunbookGateError)
    }
    assert table == raised | {0, 10, 14}


def test_the_configuration_in_the_readme_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "runbook-gate.toml"
    file.write_text(block.replace("# socket", "socket"), encoding="utf-8")
    monkeypatch.delenv("RUNBOOK_GATE_CONFIG", raising=False)
    settings = load(file)
    assert settings.submitter == tomllib.loads(block)["submitter"]
    assert settings.opa.socket is not None


def test_every_place_in_the_readme_is_there() -> None:
    places = re.findall(r"`((?:policies|executor|schemas|fixtures|docs|deploy)/[^`<]*)", README + DEPLOYING)
    assert [place for place in places if not (ROOT / place.rstrip("<")).exists()] == []
