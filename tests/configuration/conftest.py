"""A file in one folder, and nothing in the current one and the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runbook_gate.configuration import load
from runbook_gate.errors import InvalidDocument

SECRET = "hunter2-is-my-password"
FILE = """
store = "from-file.sqlite"
submitter = "from-file"

[opa]
timeout_s = 7
binary = "bin/opa"

[registers]
namespace_baseline = "registers/baseline.yaml"
cluster_inventory = "/etc/inventory.yaml"

[cluster]
kubeconfig = "kubeconfig"
endpoints = [{ name = "api-1", url = "https://10.0.0.11:6443" }]

[audit]
logs = ["audit/one.log", "/var/log/two.log"]
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, and nothing in the environment."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in [name for name in os.environ if name.startswith("RUNBOOK_GATE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in another folder than the current one."""
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "gate.toml"
    path.write_text(FILE)
    return path


def refused(file: Path | None, **options: Any) -> str:
    with pytest.raises(InvalidDocument) as caught:
        load(file, **options)
    assert SECRET not in str(caught.value) + caught.value.advice
    assert caught.value.exit_status == 2
    return str(caught.value)
