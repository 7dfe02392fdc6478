"""What the executor reads out of a bundle before it can ask anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.gate.archives import bundle_of

from runbook_gate import resources
from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.runbook import Owner, Routing

ECHO: dict[str, Any] = {
    "steps": ["restore"],
    "target_key": ["cluster_id", "namespace"],
    "sources": [],
    "effects": {"gather": "read"},
    "actions": {"cp0": ["gather"]},
    "retry_budget": 2,
    "duration_ms": 1,
    "label_keys": [],
}
GOVERNANCE = Owner(name="Platform Governance", title="Default owner", queue="platform-governance")
LEAH = Owner(name="Leah Moran", title="Director of Kubernetes Platform Governance", queue="platform-governance")


def routing(data: dict[str, Any], runbook: str = "Echo-v1") -> Routing:
    raw = bundle_of({"data.json": json.dumps(data).encode()})
    return Bundle.parse(raw, source="x").routing(runbook)


def test_a_runbook_is_copied_with_its_owner(bundle: Bundle) -> None:
    found = bundle.routing("Echo-v1")
    assert (found.steps, found.effects, found.actions) == (["restore"], {"gather": "read"}, {"cp0": ["gather"]})
    assert found.owner == Owner(name="Leah Moran", title="Director", queue="mks")


def test_of_an_unknown_runbook_just_enough_to_ask_cp0(bundle: Bundle) -> None:
    found = bundle.routing("None-v1")
    assert (found.steps, found.effects, found.actions) == (["unknown"], {}, {"cp0": ["escalate"]})
    assert (found.target_key, found.retry_budget, found.sources) == (["cluster_id", "namespace"], 0, [])
    assert found.owner == GOVERNANCE


def test_a_malformed_runbook_is_refused_by_its_fields(bundle: Bundle) -> None:
    with pytest.raises(InvalidDocument) as raised:
        bundle.routing("Broken-v1")
    message = "bundle: runbook Broken-v1 is not usable: duration_ms, effects.gather, retry_budget, sources, steps."
    assert str(raised.value) == message
    assert "think" not in str(raised.value)


@pytest.mark.parametrize("runbook", [None, [], "Echo", 1])
def test_a_runbook_that_is_no_object_is_refused(runbook: object) -> None:
    with pytest.raises(InvalidDocument, match="runbook Echo-v1 is not usable"):
        routing({"runbooks": {"Echo-v1": runbook}})


@pytest.mark.parametrize("field", ["labels", "drift", "no_such_field", "submission"])
def test_a_target_is_named_by_plain_fields_of_the_task(field: str) -> None:
    with pytest.raises(InvalidDocument, match="target_key"):
        routing({"runbooks": {"Echo-v1": {**ECHO, "target_key": ["cluster_id", field]}}})


@pytest.mark.parametrize("runbooks", [None, [], "x", {}])
def test_a_bundle_without_runbooks_knows_none(runbooks: object) -> None:
    assert routing({"runbooks": runbooks}).steps == ["unknown"]


@pytest.mark.parametrize(
    ("parties", "owner"),
    [
        ({"default_owner": GOVERNANCE.model_dump()}, GOVERNANCE),
        ({"runbooks": {"Echo-v1": {"owner": LEAH.model_dump()}}, "default_owner": GOVERNANCE.model_dump()}, LEAH),
        (
            {"runbooks": {"Other-v1": {"owner": LEAH.model_dump()}}, "default_owner": GOVERNANCE.model_dump()},
            GOVERNANCE,
        ),
        ({"runbooks": {"Echo-v1": {}}, "default_owner": GOVERNANCE.model_dump()}, GOVERNANCE),
        ({"runbooks": {"Echo-v1": []}, "default_owner": {}}, LEAH),
        ({"runbooks": {"Echo-v1": {"owner": {"name": 1}}}, "default_owner": GOVERNANCE.model_dump()}, GOVERNANCE),
        ({"default_owner": "x"}, LEAH),
        ({}, LEAH),
        ([], LEAH),
        (None, LEAH),
    ],
)
def test_there_is_always_an_owner(parties: object, owner: Owner) -> None:
    data = {"runbooks": {"Echo-v1": ECHO}, "parties": parties}
    assert routing(data).owner == owner
    assert routing({**data, "runbooks": {}}, "Echo-v1").owner == owner


def test_every_shipped_runbook_can_be_opened(opa_binary: Any) -> None:
    shipped = build(resources.policies(), opa=opa_binary)
    names = sorted(shipped.data["runbooks"])
    assert "MKS-PSA-Label-Restore-v3" in names
    for name in names:
        assert shipped.routing(name).owner == LEAH
