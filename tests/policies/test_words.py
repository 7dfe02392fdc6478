"""Every difference of runbook and parties data is told in words, and none of them looks like another."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.parties_document import PartiesDocument
from runbook_gate.models.runbook_document import RunbookDocument
from runbook_gate.policy.changes import changes
from runbook_gate.policy.vocabulary import subject
from runbook_gate.policy.words import words

V3 = "MKS-PSA-Label-Restore-v3"
LINES = ["restore cp0 proceed cp1", "restore cp1 proceed cp2"]


def paths(schema: dict[str, Any], node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every value that a schema knows; `key` stands for a key that authors choose."""
    for one in (node, *node.get("anyOf", []), *node.get("allOf", [])):
        if "$ref" in one:
            yield from paths(schema, schema["$defs"][one["$ref"].rsplit("/", 1)[-1]], path)
        for name, inner in one.get("properties", {}).items():
            yield from paths(schema, inner, (*path, name))
        if isinstance(one.get("additionalProperties"), dict):
            yield from paths(schema, one["additionalProperties"], (*path, "key"))
        if one.get("type") in ("string", "integer", "boolean", "array"):
            yield path


@pytest.mark.parametrize("model", [RunbookDocument, PartiesDocument])
def test_every_field_has_a_name_in_words(model: type[RunbookDocument] | type[PartiesDocument]) -> None:
    schema = model.model_json_schema(by_alias=True)
    found = set(paths(schema, schema))
    assert len(found) > 10
    assert sorted(path for path in found if subject(path) is None and path[2:] != ("key", "checks")) == []


def test_what_no_schema_knows_has_no_name() -> None:
    assert [subject(path) for path in (("retry_budgett",), ("effects",), ("title", "of"), ("pods", "key"))] == [
        None
    ] * 4


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"retries": 1}, {"retries": 2}, ["decisions to retry, at most: 1 -> 2"]),
        ({"retries": 1}, {}, ["decisions to retry, at most: no longer stated; it was 1"]),
        ({"retries": 2}, {"retries": "2"}, ['decisions to retry, at most: 2 -> "2"']),
        (
            {"lineages": [LINES]},
            {"lineages": [LINES[::-1]]},
            [f"way to completion 1: {', '.join(LINES)} -> {', '.join(LINES[::-1])}"],
        ),
        ({"lineages": [LINES]}, {}, [f"way to completion 1: no longer stated; it was {', '.join(LINES)}"]),
        ({"waivers": {"closed": ["a"]}}, {"waivers": {"closed": ["a", "b"]}}, ["closed waiver states: b, too"]),
        ({"waivers": {"closed": ["a", "b"]}}, {"waivers": {"closed": ["a"]}}, ["closed waiver states: no longer b"]),
        (
            {"limits_ms": {"pause": {"cp1": 500}}},
            {"limits_ms": {"pause": {"cp1": 1500}}},
            ["pause of a wait at cp1: 0.5 s -> 1.5 s"],
        ),
        (
            {"pods": {"a": {"volumes": []}}},
            {"pods": {"a": {"volumes": [{"name": "x", "size": 1}]}}},
            ["pod a, volumes.x: name x, size 1; it was not stated"],
        ),
        ({"unheard": {"of": 1}}, {"unheard": {"of": 2}}, ["unheard.of: 1 -> 2"]),
        ({"audit": None}, {}, ["audit evidence of the probes: no longer stated; it was null"]),
        ("a", "b", [": a -> b"]),
    ],
)
def test_a_change_in_words(old: Any, new: Any, told: list[str]) -> None:
    assert [words(change) for change in changes(old, new)] == told


def test_where_a_verdict_leads_is_told(bundle: Bundle) -> None:
    old = bundle.data["runbooks"][V3]
    new = copy.deepcopy(old)
    following = new["checkpoints"]["restore"]["cp3"]["next"]
    following["proceed"] = [{"action": "gather", "checkpoint": "cp1", "step": "lock"}]
    del following["wait"]
    new["checkpoints"]["restore"]["cp4"]["next"]["complete"] = []
    assert [words(change) for change in changes(old, new)] == [
        "at cp3 proceed by gather, checkpoint: cp4 -> cp1",
        "at cp3 proceed by gather, step: lock; it was not stated",
        "at cp3 wait no longer leads to verify, cp3",
        "at cp4 complete no longer leads to finish, the end",
    ]
