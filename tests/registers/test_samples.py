"""The samples are what their models say, and project without loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_gate.clock import SystemClock
from runbook_gate.documents import load_document
from runbook_gate.models import register_document as documents
from runbook_gate.models.base import Record
from runbook_gate.models.register import Registers
from runbook_gate.registers.files import FileRegisters
from runbook_gate.registers.projection import SOURCES, read_registers
from runbook_gate.registers.records import Target
from runbook_gate.submission import read_task

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
MODELS: dict[str, type[Record]] = {
    "namespace_baseline": documents.NamespaceBaseline,
    "platform_exceptions": documents.PlatformExceptions,
    "cluster_inventory": documents.ClusterInventory,
    "namespace_ownership": documents.NamespaceOwnership,
}


def test_there_is_a_sample_of_each_register() -> None:
    assert {path.stem for path in (FIXTURES / "registers").iterdir()} == set(MODELS) == set(SOURCES)


@pytest.mark.parametrize("name", MODELS)
def test_a_sample_is_what_its_model_says(name: str) -> None:
    path = FIXTURES / "registers" / f"{name}.yaml"
    MODELS[name].model_validate(load_document(path.read_bytes(), source=str(path)))


@pytest.mark.parametrize("path", sorted((FIXTURES / "tasks").iterdir()), ids=lambda path: path.stem)
def test_the_registers_agree_with_each_sample_task(path: Path) -> None:
    task = read_task(path)
    source = FileRegisters({name: FIXTURES / "registers" / f"{name}.yaml" for name in SOURCES}, SystemClock())
    target = Target(task.cluster_id, task.namespace, tuple(task.labels))
    kept = read_registers(source, frozenset(SOURCES), target)
    [baseline], [owner] = kept.namespace_baseline.records, kept.namespace_ownership.records
    assert (baseline.labels, baseline.other_labels) == (task.labels, 0)
    assert (baseline.owner_alias, baseline.policy_baseline_version) == (task.owner_alias, task.policy_baseline_version)
    assert owner.owner_aliases == [task.owner_alias]
    assert len(kept.cluster_inventory.records) == 1
    assert len(kept.platform_exceptions.records) == 1
    for name in SOURCES:
        answer = getattr(kept, name)
        assert (answer.outcome, answer.complete) == ("answered", True)
        assert answer.total == len(answer.records) + answer.dropped


def test_registers_survive_the_ledger() -> None:
    source = FileRegisters({name: FIXTURES / "registers" / f"{name}.yaml" for name in SOURCES}, SystemClock())
    kept = read_registers(source, frozenset(SOURCES), Target("mks-us-east-1-prod-03", "payments-ledger-prod", ("a",)))
    assert Registers.model_validate(kept.model_dump(mode="json")) == kept


def test_a_register_that_was_not_asked_for_is_missing() -> None:
    kept = read_registers(FileRegisters({}, SystemClock()), frozenset(), Target("c", "n", ()))
    assert {(getattr(kept, name).outcome, getattr(kept, name).problem) for name in SOURCES} == {
        ("missing", "not_requested")
    }
