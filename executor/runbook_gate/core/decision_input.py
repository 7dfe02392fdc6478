"""The decision input as a pure function of the ledger.

- What is not in the entries cannot influence a decision.
- `now_ms` is the time of the newest entry.
- Of a reading effect the newest observation of the step counts; of a round-wise effect every round since the
  last cp2 decision; a write is an attempt with its intent.
"""

from __future__ import annotations

from typing import Any

from runbook_gate.core.history import AttemptEntries, History
from runbook_gate.models.entry import Entry

_CLOCK = ("seq", "at_ms", "boottime_ms", "boot_id", "lease")


def decision_input(history: History, checkpoint: str, step: str) -> dict[str, Any]:
    """Build the input for one question.

    Args:
        history: the run so far.
        checkpoint: the checkpoint that is asked.
        step: the step that it is asked for.

    Returns:
        A document as `schemas/decision_input.json` describes it.
    """
    newest = history.newest
    return {
        "schema": 1,
        "run_id": newest.run,
        "step": step,
        "checkpoint": checkpoint,
        "ledger_head": newest.sha256,
        "now_ms": newest.at_ms,
        "newest": {name: getattr(newest, name) for name in _CLOCK},
        "opened": _block(history.entries[0]),
        "observed": _observed(history, step),
        "attempts": [_attempt(number, made) for number, made in enumerate(history.attempts(step), start=1)],
        "rounds": _rounds(history, step),
        "lineage": [_block(entry, _lineage(entry)) for entry in history.decisions()],
    }


def _block(entry: Entry, part: dict[str, Any] | None = None) -> dict[str, Any]:
    clock = {name: getattr(entry, name) for name in _CLOCK}
    return {**clock, "sha256": entry.sha256, "body": entry.body if part is None else part}


def _effects(history: History, kind: str) -> list[str]:
    return [name for name, of in history.opened.routing.effects.items() if of == kind]


def _observed(history: History, step: str) -> dict[str, Any]:
    newest: dict[str, Any] = {}
    for effect in _effects(history, "read"):
        entries = list(history.observations(effect, step=step))
        newest[effect] = _block(entries[-1]) if entries else None
    return newest


def _attempt(number: int, made: AttemptEntries) -> dict[str, Any]:
    return {
        "attempt": number,
        "intent": _block(made.intent),
        "observation": _block(made.observation) if made.observation else None,
    }


def _rounds(history: History, step: str) -> list[dict[str, Any]]:
    writes = [entry.seq for entry in history.decisions() if entry.checkpoint == "cp2" and entry.step == step]
    after = writes[-1] if writes else 0
    rounds = [
        entry for effect in _effects(history, "round") for entry in history.observations(effect, step=step, after=after)
    ]
    return [_block(entry) for entry in sorted(rounds, key=lambda entry: entry.seq)]


def _lineage(entry: Entry) -> dict[str, Any]:
    following = entry.body["next"]
    return {
        "step": entry.step,
        "checkpoint": entry.checkpoint,
        "verdict": entry.body["verdict"],
        "action": following["action"],
        "next_checkpoint": following["checkpoint"],
        "codes": entry.body["codes"],
    }
