"""What a replay found, as rows of tables and lines; every form of the report shows the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runbook_gate.replay.report.words import CHANGES, OBSTACLES, REPRODUCTIONS, share

_RUNS_SHOWN: Final = 5
_DETAILS_SHOWN: Final = 20

Rows = list[tuple[str, ...]]


def counts(told: Mapping[str, Any]) -> Iterator[tuple[str, Rows]]:
    """The tables of counts, each with its title: what was counted, how many of how many."""
    rows: Rows = [(REPRODUCTIONS[name], *share(one)) for name, one in told["reproduction"].items()]
    if any(one["count"] for one in told["reproduction"].values()) or not told["decisions"]:
        yield "Reproduced under their own policy", rows
    refused: Rows = [(OBSTACLES[name], *share(one)) for name, one in told["not_replayable"].items() if one["count"]]
    if refused:
        yield "Not replayable", refused
    if comparison := told.get("comparison"):
        changed: Rows = [(words, *share(comparison[name])) for name, words in CHANGES.items()]
        yield "Compared", changed


def verdicts(told: Mapping[str, Any]) -> tuple[tuple[str, ...], Rows]:
    """Every verdict against every other: header, and a row for each first verdict."""
    table = told["comparison"]["verdicts"]
    others = list(next(iter(table.values())))
    rows = [(first, *(str(row[other]) if row[other] else "." for other in others)) for first, row in table.items()]
    return ("first \\ other", *others), rows


def flips(told: Mapping[str, Any]) -> Rows:
    """Changed verdicts by code, with some of the runs behind them."""
    return [
        (
            one["code"],
            f"{one['first']} -> {one['other']}",
            (one["direction"] or "").replace("_", "-"),
            str(one["decisions"]),
            ", ".join(one["runs"][:_RUNS_SHOWN]) + (" ..." if len(one["runs"]) > _RUNS_SHOWN else ""),
        )
        for one in told["comparison"]["flips"]
    ]


def singled(told: Mapping[str, Any]) -> Iterator[str]:
    """One line for each of the first decisions that are not as they were."""
    for one in told["details"][:_DETAILS_SHOWN]:
        where = f"{one['run']}:{one['seq']} {one.get('checkpoint', '')}".strip()
        yield f"{where}: {what(one)}{' (conditional)' if one.get('conditional') else ''}"
    more = max(0, len(told["details"]) - _DETAILS_SHOWN) + told["details_omitted"]
    if more:
        yield f"and {more} more; --lines and --html have them"


def _codes(one: Mapping[str, Any]) -> str:
    """Which codes come, and which go."""
    first = {denial["code"] for denial in one["first"]["denials"]}
    told = [f"now {code}" for code in one["codes"] if code not in first]
    told += [f"no longer {code}" for code in sorted(first.difference(one["codes"]))]
    return ", ".join(told or one["codes"]) or "no denial"


def what(one: Mapping[str, Any]) -> str:
    """What became of one decision, in a few words."""
    if "change" not in one:
        return f"{(one['obstacle'] or one['reproduction']).replace('_', ' ')}: {one['detail']}"
    change = str(one["change"])
    if change == "verdict_changed":
        return f"{one['first']['verdict']} -> {one['verdict']}: {_codes(one)}"
    return f"{change.replace('_', ' ')}{': ' + one['detail'] if one['detail'] else ''}"
