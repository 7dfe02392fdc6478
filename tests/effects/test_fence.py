"""The fence of each effect: whatever the gate asks for beyond the task has a code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.effects.conftest import KEYS, SOURCES, TUPLE
from tests.effects.test_verify import MANIFESTS

from runbook_gate.effects.protocol import FenceFacts
from runbook_gate.effects.registry import EFFECTS

NOW_MS = 1_795_168_800_000
POD = {"apiVersion": "v1", "kind": "Pod", "spec": {}}
GOOD: dict[str, dict[str, Any]] = {
    "gather": {"cluster_id": "mks-1", "namespace": "payments", "labels": TUPLE, "sources": SOURCES},
    "patch_labels": {
        "namespace": "payments",
        "uid": "u-1",
        "resource_version": "7",
        "labels": TUPLE,
        "not_after_ms": NOW_MS + 30_000,
    },
    "resolve_write": {"namespace": "payments", "label_keys": list(KEYS), "audit_ids": [], "since_ms": 0},
    "verify": {
        "namespace": "payments",
        "label_keys": list(KEYS),
        "probes": [
            {"name": name, "resource": "pods" if body["kind"] == "Pod" else "podtemplates", "manifest": body}
            for name, body in MANIFESTS.items()
        ],
        "audit_ids": [],
        "since_ms": 0,
    },
}


def probes(manifest: dict[str, Any], name: str = "P1", resource: str = "pods") -> dict[str, Any]:
    return {"probes": [{"name": name, "resource": resource, "manifest": manifest}]}


ASKED: dict[str, tuple[str, dict[str, Any], str]] = {
    "gather another cluster": ("gather", {"cluster_id": "mks-2"}, "cluster"),
    "gather another namespace": ("gather", {"namespace": "kube-system"}, "namespace"),
    "gather another value": ("gather", {"labels": {**TUPLE, KEYS[2]: "privileged"}}, "labels"),
    "gather a source that is not the runbook's": ("gather", {"sources": [*SOURCES, "secrets"]}, "sources"),
    "gather a source less": ("gather", {"sources": SOURCES[1:]}, "sources"),
    "write to another namespace": ("patch_labels", {"namespace": "kube-system"}, "namespace"),
    "write another value": ("patch_labels", {"labels": {**TUPLE, KEYS[2]: "privileged"}}, "labels"),
    "write another spelling": ("patch_labels", {"labels": {**TUPLE, KEYS[2]: "Restricted"}}, "labels"),
    "write a seventh label": ("patch_labels", {"labels": {**TUPLE, "team": "x"}}, "labels"),
    "write a label less": ("patch_labels", {"labels": {key: TUPLE[key] for key in KEYS[1:]}}, "labels"),
    "leave the null out": ("patch_labels", {"labels": {k: v for k, v in TUPLE.items() if v}}, "labels"),
    "write an empty value for null": ("patch_labels", {"labels": {**TUPLE, KEYS[1]: ""}}, "labels"),
    "write nothing": ("patch_labels", {"labels": {}}, "labels"),
    "write to another object": ("patch_labels", {"uid": "u-2"}, "uid"),
    "write without a uid": ("patch_labels", {"uid": ""}, "uid"),
    "write over another version": ("patch_labels", {"resource_version": "8"}, "resource_version"),
    "write over any version": ("patch_labels", {"resource_version": ""}, "resource_version"),
    "write much later": ("patch_labels", {"not_after_ms": NOW_MS + 30_001}, "too_early"),
    "write too late": ("patch_labels", {"not_after_ms": NOW_MS}, "too_late"),
    "resolve another namespace": ("resolve_write", {"namespace": "kube-system"}, "namespace"),
    "resolve other labels": ("resolve_write", {"label_keys": ["team"]}, "labels"),
    "verify another namespace": ("verify", {"namespace": "kube-system"}, "namespace"),
    "verify other labels": ("verify", {"label_keys": ["team"]}, "labels"),
    "probe with another kind": ("verify", probes({**POD, "kind": "Secret"}), "probe"),
    "probe with the kind of the other resource": ("verify", probes(POD, resource="podtemplates"), "probe"),
    "probe with another version": ("verify", probes({**POD, "apiVersion": "v2"}), "probe"),
    "probe without a kind": ("verify", probes({"apiVersion": "v1"}), "probe"),
    "probe with a name": ("verify", probes({**POD, "metadata": {"name": "x"}}), "probe"),
    "probe with a namespace": ("verify", probes({**POD, "metadata": {"namespace": "kube-system"}}), "probe"),
    "probe with a generated name": ("verify", probes({**POD, "metadata": {"generateName": "x"}}), "probe"),
    "probe with odd metadata": ("verify", probes({**POD, "metadata": "x"}), "probe"),
    "probe under an odd name": ("verify", probes(POD, name="../P1"), "probe"),
}
KNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "no namespace was read": ({"uid": None}, "uid"),
    "no version was read": ({"resource_version": None}, "resource_version"),
    "the budget is spent": ({"intents": ("a" * 64, "b" * 64)}, "budget"),
}


def violation(action: str, params: dict[str, Any], facts: FenceFacts) -> str | None:
    effect = EFFECTS[action]
    return effect.violation(effect.params.model_validate(params), facts)


@pytest.mark.parametrize("action", GOOD)
def test_what_the_task_says_is_inside(action: str, facts: FenceFacts) -> None:
    assert violation(action, GOOD[action], facts) is None


@pytest.mark.parametrize("what", ASKED)
def test_what_it_does_not_say_is_outside(what: str, facts: FenceFacts) -> None:
    action, change, code = ASKED[what]
    assert violation(action, {**GOOD[action], **change}, facts) == code


@pytest.mark.parametrize("what", KNOWN)
def test_a_write_that_the_ledger_does_not_allow_is_outside(what: str, facts: FenceFacts) -> None:
    change, code = KNOWN[what]
    assert violation("patch_labels", GOOD["patch_labels"], replace(facts, **change)) == code


@pytest.mark.parametrize(
    ("now", "code"),
    [
        ({"at_ms": NOW_MS + 29_999, "boottime_ms": 79_999}, None),
        ({"at_ms": NOW_MS + 30_000}, "too_late"),
        ({"boottime_ms": 80_000}, "too_late"),
        ({"boot_id": "boot-2"}, "too_late"),
        ({"at_ms": NOW_MS - 1}, "too_early"),
    ],
)
def test_both_clocks_count(now: dict[str, Any], code: str | None, facts: FenceFacts) -> None:
    later = replace(facts, now=replace(facts.now, **now))
    assert violation("patch_labels", GOOD["patch_labels"], later) == code


def test_labels_that_are_not_the_runbooks_are_outside_even_if_the_task_says_so(facts: FenceFacts) -> None:
    fewer = replace(facts, label_keys=KEYS[1:])
    assert violation("patch_labels", GOOD["patch_labels"], fewer) == "labels"
    assert violation("gather", GOOD["gather"], fewer) == "labels"


def test_every_effect_has_a_fence_that_is_tested() -> None:
    assert set(EFFECTS) == set(GOOD) == {action for action, _, _ in ASKED.values()}
    assert all(effect.name == name for name, effect in EFFECTS.items())
