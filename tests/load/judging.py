"""What is wrong about a load, beside what tests/promise finds: it looks at how runs ended, and at what struck them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.load.strokes import API_SERVER, POSTGRESQL, WORKER

from runbook_gate.ledger import RunStatus, Store


@dataclass(frozen=True)
class Ended:
    """One run at the end of a load.

    Attributes:
        task: whose run it is.
        state: of the run.
        codes: what it escalated for; empty if it did not.
    """

    task: str
    state: str
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Excuse:
    """Why a run may escalate for a code.

    Attributes:
        faults: of which one must have struck.
        why: how it comes about.
        alone: whether the code ends a run; else the runbook waits, and it stands beside one that does.
    """

    faults: frozenset[str]
    why: str
    alone: bool = True


_FORBIDDEN: Final = "a restarted API server answers 403 until it has read its roles"
_AWAY: Final = "the API server is away, and answered another request of the same effect with 403"
_LOST: Final = "both writes were lost: on the way to a server that stopped, or with the process that was to send them"
_RESTART: Final = frozenset({API_SERVER})

# A killed sidecar and a passed deadline excuse nothing: the run is due again at once, and has 15 minutes.
EXCUSES: Final[Mapping[str, Excuse]] = {
    "cluster_identity.executor_unknown": Excuse(_RESTART, _FORBIDDEN),
    "cluster_identity.unreadable": Excuse(_RESTART, _FORBIDDEN),
    "namespace_identity.unreadable": Excuse(_RESTART, _FORBIDDEN),
    "dry_run_agreement.refused": Excuse(_RESTART, _FORBIDDEN),
    "retry_eligibility.refused": Excuse(_RESTART, _FORBIDDEN),
    "retry_eligibility.budget_spent": Excuse(frozenset({API_SERVER, POSTGRESQL, WORKER}), _LOST),
    "cluster_identity.unanswered": Excuse(_RESTART, _AWAY, alone=False),
    "namespace_identity.unanswered": Excuse(_RESTART, _AWAY, alone=False),
    "dry_run_agreement.unanswered": Excuse(_RESTART, _AWAY, alone=False),
    "verification_reconciliation.unanswered": Excuse(_RESTART, _AWAY, alone=False),
    "verification_reconciliation.inconclusive": Excuse(_RESTART, _FORBIDDEN, alone=False),
}


def ended_in(store: Store) -> list[Ended]:
    """How the runs of a store ended."""
    return [Ended(run.task, run.state, _codes(store, run)) for run in store.runs.list(limit=None)]


def _codes(store: Store, run: RunStatus) -> frozenset[str]:
    ended = store.runs.result(run.task) if run.state == "escalated" else None
    return frozenset(denial["code"] for denial in json.loads(ended.record)["condition"]) if ended else frozenset()


def misdone(tasks: Iterable[str], runs: Sequence[Ended], struck: Mapping[str, int]) -> list[str]:
    """Say what did not go as it should.

    Args:
        tasks: what was submitted.
        runs: what came of it.
        struck: each kind of fault that was asked for, and how often it happened; empty without faults.

    Returns:
        One sentence each, empty if all is right.
    """
    wanted, had = set(tasks), Counter(run.task for run in runs)
    found = [f"task {task} has no run" for task in sorted(wanted - had.keys())]
    found += [f"task {task} has {number} runs" for task, number in sorted(had.items()) if number > 1]
    found += [f"nobody submitted task {task}" for task in sorted(had.keys() - wanted)]
    found += [
        f"the run of task {run.task} is {run.state} for {sorted(run.codes)}"
        for run in runs
        if run.state != "complete" and not (run.state == "escalated" and _excused(run.codes, struck))
    ]
    return found + [f"no {fault}, though it was asked for" for fault, number in sorted(struck.items()) if not number]


def _excused(codes: Iterable[str], struck: Mapping[str, int]) -> bool:
    """Whether each code can come of what struck, and one of them ends a run."""
    found = [EXCUSES.get(code) for code in codes]
    caused = [one for one in found if one and any(struck.get(fault) for fault in one.faults)]
    return len(caused) == len(found) and any(one.alone for one in caused)
