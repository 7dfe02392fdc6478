"""The data of runbooks and parties is as schemas/ says and names only what is there, or no bundle is built of it."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from tests.tiny.conftest import tiny_bundle  # noqa: F401 - fixture

from runbook_gate import resources
from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.validation import validate

V3 = "runbooks/MKS-PSA-Label-Restore-v3"
CP1 = f"{V3}/checkpoints/restore/cp1"
FILE = f"{V3}/data.yaml"


def changed(bundle: Bundle, path: str, value: object) -> Bundle:
    """The same policies with one value set, or removed where the value is an ellipsis."""
    data: Any = copy.deepcopy(dict(bundle.data))
    *parents, last = path.split("/")
    place = data
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return dataclasses.replace(bundle, data=data)


def faults(bundle: Bundle, opa: Path) -> list[str]:
    with pytest.raises(InvalidDocument) as refused:
        validate(bundle, resources.policies(), opa=opa)
    assert "schemas/runbook.json and schemas/parties.json" in refused.value.advice
    return [line.removeprefix(f"{resources.policies()}/") for line in str(refused.value).splitlines()]


def test_what_is_shipped_is_valid(bundle: Bundle, opa_binary: Path) -> None:
    validate(bundle, resources.policies(), opa=opa_binary)


def test_a_runbook_of_another_kind_is_valid_too(tiny_bundle: Bundle, opa_binary: Path) -> None:  # noqa: F811
    assert "Tiny-Labels-v1" in tiny_bundle.data["runbooks"]
    validate(tiny_bundle, resources.policies(), opa=opa_binary)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (f"{V3}/retry_budgett", 2, "retry_budgett is not known here; retry_budget may be meant."),
        (f"{V3}/retry_budget", "2", "retry_budget must be a whole number."),
        (f"{V3}/limits_ms/settle", ..., "limits_ms.settle is missing."),
        (f"{V3}/limits_ms/go", 60_000, "limits_ms.go must be at most 30000."),
        (f"{CP1}/pass", "go", "checkpoints.restore.cp1.pass must be 'proceed' or 'complete'."),
        (
            f"{V3}/checkpoints/restore/cp9",
            {},
            "checkpoints.restore.cp9 must be 'cp0', 'cp1', 'cp2', 'cp3' or 'cp4'.",
        ),
        (V3, [], "the data must be a mapping."),
        (
            f"{CP1}/checks",
            ["drift_agreement", "attempt_ordre"],
            "checkpoints.restore.cp1.checks names attempt_ordre, which is no check; attempt_order may be meant.",
        ),
        (
            f"{CP1}/answers/drift_agreement.moveed",
            "wait",
            "checkpoints.restore.cp1.answers names drift_agreement.moveed, which is no code of a check that is "
            "asked here; drift_agreement.moved may be meant.",
        ),
        (
            f"{CP1}/answers/lineage.facts_outdated",
            "wait",
            "checkpoints.restore.cp1.answers names lineage.facts_outdated, which is no code of a check that is "
            "asked here; attempt_order.facts_outdated may be meant.",
        ),
        (
            f"{CP1}/next/wait",
            [{"action": "gathr", "checkpoint": "cp1"}],
            "checkpoints.restore.cp1.next.wait names gathr, which is no action; gather may be meant.",
        ),
        (
            f"{CP1}/next/wait",
            [{"action": "gather", "checkpoint": "cp1", "step": "restor"}],
            "checkpoints.restore.cp1.next.wait names restor, which is no step; restore may be meant.",
        ),
        (
            f"{CP1}/judges",
            "look",
            "checkpoints.restore.cp1.judges names look, which is no effect of this runbook.",
        ),
        (f"{V3}/actions/cp0", ["gathr"], "actions.cp0 names gathr, which is no action; gather may be meant."),
        (f"{V3}/effects/fly", "read", "effects names fly, which is no action."),
        (f"{V3}/steps", ["restore", "lock"], "steps names lock, which is no step with checkpoints."),
        (
            f"{V3}/inventory",
            "inventory",
            "inventory names inventory, which is no source of this runbook; cluster_inventory may be meant.",
        ),
        (
            f"{V3}/successor",
            "MKS-PSA-Label-Restore-v33",
            "successor names MKS-PSA-Label-Restore-v33, which is no runbook; MKS-PSA-Label-Restore-v3 may be meant.",
        ),
    ],
)
def test_a_careless_edit_of_a_runbook_is_refused(
    bundle: Bundle, opa_binary: Path, path: str, value: object, fault: str
) -> None:
    assert f"{FILE}: {fault}" in faults(changed(bundle, path, value), opa_binary)


def test_policies_without_a_runbook_are_refused(bundle: Bundle, opa_binary: Path) -> None:
    assert "runbooks: there must be at least one runbook." in faults(changed(bundle, "runbooks", {}), opa_binary)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("parties/submiters", ["x"], "submiters is not known here; submitters may be meant."),
        ("parties/prequalifiers", "platform-governance", "prequalifiers must be a list."),
        ("parties/default_owner/quue", "x", "default_owner.quue is not known here; queue may be meant."),
        ("parties/overlays/default/label", {}, "overlays.default.label is not known here; labels may be meant."),
        (
            "parties/overlays/default/resources",
            {"cpuu": "1"},
            "overlays.default.resources.cpuu must be 'cpu' or 'memory'.",
        ),
        ("parties/keys", {"platform-governance": "PEM"}, "keys.platform-governance must be a list."),
        (
            "parties/runbooks/MKS-PSA-Label-Restore-v4",
            {"owner": {"name": "a", "title": "b", "queue": "c"}},
            "runbooks.MKS-PSA-Label-Restore-v4 is no runbook of these policies; MKS-PSA-Label-Restore-v3 may be meant.",
        ),
        ("parties", ..., "the data must be a mapping."),
    ],
)
def test_a_careless_edit_of_parties_is_refused(
    bundle: Bundle, opa_binary: Path, path: str, value: object, fault: str
) -> None:
    assert faults(changed(bundle, path, value), opa_binary) == [f"parties/data.yaml: {fault}"]


def test_keys_of_prequalifiers_may_be_listed(bundle: Bundle, opa_binary: Path) -> None:
    listed = changed(bundle, "parties/keys", {"platform-governance": ["PEM"]})
    validate(listed, resources.policies(), opa=opa_binary)


def test_every_fault_of_every_file_is_told_at_once(bundle: Bundle, opa_binary: Path) -> None:
    twice = changed(changed(bundle, f"{V3}/retry_budgett", 2), f"{V3}/rounds", "2")
    told = faults(changed(twice, "parties/submiters", []), opa_binary)
    assert [line.partition(": ")[0] for line in told] == [FILE, FILE, "parties/data.yaml"]
