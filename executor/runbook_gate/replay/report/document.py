"""What a replay found, as one document. Every other form is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from runbook_gate.replay.outcomes import Change, Obstacle
from runbook_gate.replay.report.directions import VERDICTS, direction
from runbook_gate.replay.report.tally import Tally
from runbook_gate.replay.report.words import REPRODUCTIONS

PROVES: Final = (
    "A replay shows that the policy, given the recorded inputs, gives these answers; not that the inputs were true."
)


def document(tally: Tally, about: Mapping[str, Any]) -> dict[str, Any]:
    """Tell everything.

    Args:
        tally: what was counted.
        about: what was replayed and against what.
    """
    told = {
        "result": _result(tally),
        "proves": PROVES,
        **about,
        "decisions": tally.total,
        "reproduced": _share(tally.reproduced, tally.total),
        "reproduction": {name: _share(tally.reproductions[name], tally.total) for name in REPRODUCTIONS},
        "not_replayable": {name: _share(tally.obstacles[name], tally.total) for name in get_args(Obstacle)},
        "altered": _share(tally.altered, tally.total),
        "checked_singly": _share(tally.checked, tally.total),
    }
    if about.get("candidate"):
        told["comparison"] = _comparison(tally)
    return {**told, "details": tally.details, "details_omitted": tally.omitted}


def _result(tally: Tally) -> str:
    if not tally.total:
        return "nothing was replayed"
    if tally.reproduced == tally.total:
        return "consistent with policy"
    found = f"{tally.total - tally.reproduced} of {tally.total} decisions"
    return f"{found} not shown to be consistent with policy"


def _comparison(tally: Tally) -> dict[str, Any]:
    verdicts = {
        first: {other: tally.verdicts[first, other] for other in (*VERDICTS, "undefined", "error")}
        for first in VERDICTS
    }
    return {
        "compared": _share(tally.compared, tally.total),
        **{name: _share(tally.changes[name], tally.compared) for name in get_args(Change)},
        "stop_to_go": _share(tally.directions["stop_to_go"], tally.compared),
        "go_to_stop": _share(tally.directions["go_to_stop"], tally.compared),
        "conditional": _share(tally.conditional, tally.compared),
        "verdicts": verdicts,
        "flips": _flips(tally),
    }


def _flips(tally: Tally) -> list[dict[str, Any]]:
    """Changed verdicts by code, with the runs behind them."""
    return [
        {
            "code": code,
            "first": first,
            "other": other,
            "direction": direction(first, other),
            "decisions": found.decisions,
            "runs": found.runs,
            "more_runs": found.more_runs,
        }
        for (code, first, other), found in sorted(tally.flips.items())
    ]


def _share(count: int, of: int) -> dict[str, int]:
    return {"count": count, "of": of}
