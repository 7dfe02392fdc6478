"""What a runbook's data names: checks, actions, codes, steps, registers and its successor have to be there."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from runbook_gate.expectations import field
from runbook_gate.policy.catalog import Catalog
from runbook_gate.policy.revision import tables

_Place = tuple[str, ...]


def unknown_names(data: Mapping[str, Any], known: Catalog, runbooks: Collection[str]) -> Iterator[str]:
    """Sentences about each name that nothing bears.

    Args:
        data: of a revision, as its schema describes it.
        known: what the policies hold.
        runbooks: every revision.
    """
    for place, kind, name, there in _named(data, known, runbooks):
        if name not in there:
            yield f"{field(place)} names {field((name,))}, which is no {kind}{meant(name, there)}."


def meant(name: str, there: Collection[str]) -> str:
    """What a misspelt name may have been; empty if nothing is near."""
    near = difflib.get_close_matches(name, sorted(there), n=1)
    return f"; {near[0]} may be meant" if near else ""


def _named(
    data: Mapping[str, Any], known: Catalog, runbooks: Collection[str]
) -> Iterator[tuple[_Place, str, str, Collection[str]]]:
    """Place, kind and name of everything that is named, and what there is of that kind."""
    actions = known.members("actions")
    for checkpoint, listed in data["actions"].items():
        yield from ((("actions", checkpoint), "action", name, actions) for name in listed)
    yield from ((("effects",), "action", name, actions) for name in data["effects"])
    yield from ((("checkpoints",), "step", name, data["steps"]) for name in data["checkpoints"])
    yield from ((("steps",), "step with checkpoints", name, data["checkpoints"]) for name in data["steps"])
    for step, checkpoint, table in tables(data):
        yield from _of_table(("checkpoints", step, checkpoint), table, data, known)
    yield from _registers(data)
    if data["successor"] is not None:
        yield ("successor",), "runbook", data["successor"], runbooks


def _of_table(
    place: _Place, table: Mapping[str, Any], data: Mapping[str, Any], known: Catalog
) -> Iterator[tuple[_Place, str, str, Collection[str]]]:
    checks = known.members("checks")
    yield from (((*place, "checks"), "check", name, checks) for name in table["checks"])
    if table.get("judges"):
        yield (*place, "judges"), "effect of this runbook", table["judges"], data["effects"]
    asked = [code.code for code in known.codes.values() if code.check in table["checks"]]
    yield from (
        ((*place, "answers"), "code of a check that is asked here", name, asked) for name in table.get("answers", {})
    )
    for verdict, candidates in table["next"].items():
        for one in candidates:
            where = (*place, "next", verdict)
            yield where, "action", one["action"], known.members("actions")
            step = one.get("step") or place[1]
            yield where, "step", step, data["steps"]
            if one["checkpoint"] is not None:
                yield where, "checkpoint of that step", one["checkpoint"], data["checkpoints"].get(step, {})


def _registers(data: Mapping[str, Any]) -> Iterator[tuple[_Place, str, str, Collection[str]]]:
    kind, sources = "source of this runbook", data["sources"]
    for table in ("registers", "agreement"):
        yield from (((table,), kind, name, sources) for name in data.get(table) or {})
    if data.get("inventory"):
        yield ("inventory",), kind, data["inventory"], sources
    if data.get("waivers"):
        yield ("waivers", "register"), kind, data["waivers"]["register"], sources
