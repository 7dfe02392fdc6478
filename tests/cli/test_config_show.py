"""`config show`: effective values, and where each comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call

from runbook_gate.configuration import Settings, load


@pytest.fixture
def four_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> Path:
    """A file and a variable; the options are the test's."""
    (tmp_path / "runbook-gate.toml").write_text('store = "here.sqlite"\n[registers]\nsome_register = "r.yaml"\n')
    monkeypatch.setenv("RUNBOOK_GATE_OPA__TIMEOUT_S", "9")
    return tmp_path


def test_each_setting_with_its_origin(call: Call, four_layers: Path) -> None:
    told = call("config", "show", "--kubeconfig", "k", "-o", "json").document
    assert told["file"] == "runbook-gate.toml"
    found = {key: (one["value"], one["from"]) for key, one in told["settings"].items()}
    assert found["store"] == (str(four_layers / "here.sqlite"), "file")
    assert found["registers.some_register"] == (str(four_layers / "r.yaml"), "file")
    assert found["opa.timeout_s"] == (9, "environment")
    assert found["cluster.kubeconfig"] == ("k", "option")
    assert found["audit.logs"] == ([], "default")
    assert told["configuration_sha256"] == load(cluster={"kubeconfig": Path("k")}).sha256


def test_every_setting_is_shown(call: Call) -> None:
    def names(values: dict[str, object], at: str = "") -> set[str]:
        below = {key: value for key, value in values.items() if isinstance(value, dict) and value}
        nested = {name for key, value in below.items() for name in names(value, f"{at}{key}.")}
        return {f"{at}{key}" for key in values if key not in below} | nested

    assert set(call("config", "show", "-o", "json").document["settings"]) == names(Settings().model_dump())


def test_the_text_is_aligned(call: Call, four_layers: Path) -> None:
    file, header, *rows = call("config", "show").out.splitlines()
    assert file == "File: runbook-gate.toml"
    assert header.split() == ["SETTING", "FROM", "VALUE"]
    column = header.index("VALUE")
    assert all(row[column - 2 : column] == "  " and row[column] != " " for row in rows)
    assert any(row.split() == ["opa.timeout_s", "environment", "9"] for row in rows)


def test_without_a_file(call: Call) -> None:
    assert call("config", "show").out.startswith("File: none (runbook-gate.toml is not here")
    assert call("config", "show", "-o", "json").document["file"] is None


def test_a_wrong_configuration_is_2_for_every_command(call: Call, tmp_path: Path) -> None:
    (tmp_path / "runbook-gate.toml").write_text("stroe = 1\n")
    for command in (["status"], ["config", "show"], ["doctor"], ["run", "--next"], ["ledger", "verify"]):
        refused = call(*command, "-o", "json")
        assert (refused.status, refused.document["error"]["message"]) == (
            2,
            "runbook-gate.toml: stroe is not known here.",
        )
        assert refused.document["error"]["advice"].startswith("The settings are store, ")
