"""The shipped policies with a tiny runbook beside them, in a real OPA; a cluster and a clock in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.tiny.effects import EFFECTS

from runbook_gate import resources
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture(scope="session")
def tiny_bundle(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Nothing of the shipped policies is changed or left out."""
    folder = tmp_path_factory.mktemp("tiny") / "policies"
    shutil.copytree(resources.policies(), folder)
    shutil.copytree(Path(__file__).with_name("policies"), folder, dirs_exist_ok=True)
    return build(folder, opa=opa_binary)


@pytest.fixture
def world(tmp_path: Path, tiny_bundle: Bundle, opa_binary: Path) -> Iterator[LittleWorld]:
    """An executor that has the tiny runbook's effects."""
    with Sidecar(opa_binary, tiny_bundle) as sidecar:
        made = LittleWorld(tmp_path, tiny_bundle, sidecar)
        made.effects = EFFECTS
        yield made
