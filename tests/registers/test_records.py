"""What is kept of the records of each register."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.registers.test_projection import ENVELOPE, KEYS, SCOPE, SECRET, TARGET, raw

from runbook_gate.registers.projection import register_answer
from runbook_gate.registers.records import baseline, inventory, ownership

BASELINE: dict[str, Any] = {
    **SCOPE,
    "labels": {KEYS[0]: "restricted"},
    "policy_baseline_version": "psb-2026.07",
    "owner_alias": "payments",
    "approver": SECRET,
}


def test_of_a_baseline_the_runbooks_labels_are_kept_and_others_counted() -> None:
    record = copy.deepcopy(BASELINE)
    record["labels"] |= {"team": SECRET, "tier": SECRET}
    kept = register_answer(raw({**ENVELOPE, "records": [record]}), TARGET, baseline)
    assert SECRET not in kept.model_dump_json()
    assert [found.model_dump() for found in kept.records] == [
        {
            **SCOPE,
            "labels": {KEYS[0]: "restricted", KEYS[1]: None},
            "other_labels": 2,
            "policy_baseline_version": "psb-2026.07",
            "owner_alias": "payments",
        }
    ]


@pytest.mark.parametrize(
    "odd", [None, 1, [], "restricted", {KEYS[0]: 5}, {KEYS[0]: True}, {KEYS[0]: [SECRET]}, {KEYS[0]: "a\nb"}]
)
def test_odd_labels_are_null_as_a_whole_and_never_left_out(odd: Any) -> None:
    kept = register_answer(raw({**ENVELOPE, "records": [{**BASELINE, "labels": odd}]}), TARGET, baseline)
    assert [record.labels for record in kept.records] == [None]


def test_records_of_other_targets_are_dropped_and_counted() -> None:
    elsewhere = [{**BASELINE, "namespace": "ledger"}, {**BASELINE, "cluster_id": "mks-2"}]
    kept = register_answer(raw({**ENVELOPE, "records": [*elsewhere, BASELINE]}), TARGET, baseline)
    assert (len(kept.records), kept.dropped) == (1, 2)


def test_of_the_inventory_cluster_and_uid_are_kept() -> None:
    mine = {"cluster_id": "mks-1", "uid": "u-1", "admin": SECRET}
    records = [mine, {"cluster_id": "mks-2", "uid": SECRET}, {"uid": 5}]
    kept = register_answer(raw({**ENVELOPE, "records": records}), TARGET, inventory)
    assert SECRET not in kept.model_dump_json()
    assert [record.model_dump() for record in kept.records] == [
        {"cluster_id": "mks-1", "uid": "u-1"},
        {"cluster_id": None, "uid": None},
    ]
    assert kept.dropped == 1


@pytest.mark.parametrize(
    ("stated", "kept_aliases"),
    [(["a", "b"], ["a", "b"]), ([], []), ("a", None), (["a", 5], None), ([[SECRET]], None), (None, None)],
)
def test_of_the_ownership_aliases_are_kept(stated: Any, kept_aliases: Any) -> None:
    record = {**SCOPE, "owner_aliases": stated, "contacts": [SECRET]}
    kept = register_answer(raw({**ENVELOPE, "records": [record]}), TARGET, ownership)
    assert SECRET not in kept.model_dump_json()
    assert [found.owner_aliases for found in kept.records] == [kept_aliases]
