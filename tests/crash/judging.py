"""Whether a run that died once or twice ended as it should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.ways import EXECUTOR, NOBODY, PERSON, SPENT
from tests.promise import broken
from tests.promise.audit import Version, told

from runbook_gate.core.history import History
from runbook_gate.ledger import Store


@dataclass(frozen=True)
class End:
    """How a run ended.

    Attributes:
        told: `complete`, or `escalated at cp2: CODES`.
        writes: how many writes of the executor reached the API server.
        wrong: what should not be, one sentence each.
    """

    told: str
    writes: int
    wrong: tuple[str, ...]


def judged(store: Store, events: Iterable[Mapping[str, Any]], folder: Path, ends: Mapping[str, str]) -> End:
    """Judge the one run of a store.

    Args:
        store: the ledger.
        events: raw audit events, that of the namespace's creation included.
        folder: `packet_dir`.
        ends: the right ends of this way.
    """
    seen = list(events)
    wrong = broken(store, seen, packets=delivered(folder))
    [run] = store.runs.list()
    history = History(store.runs.entries(run.id))
    writes, versions = told(seen, history.opened.task.namespace)
    own = sum(write.user == EXECUTOR for write in writes)
    last = _who(versions)
    ended = outcome(history)
    if ended != ends.get(last):
        wrong.append(f"{ended}, where {last} changed the namespace last")
    if ended == SPENT and history.attempts_made() != 2:
        wrong.append(f"{ended}, after {history.attempts_made()} attempts")
    if own > 2:
        wrong.append(f"{own} writes reached the API server")
    return End(ended, own, tuple(wrong))


def _who(versions: Sequence[Version]) -> str:
    """Who changed the namespace last."""
    if len(versions) < 2:
        return NOBODY
    return EXECUTOR if versions[-1].write.user == EXECUTOR else PERSON


def outcome(history: History) -> str:
    """The end in words."""
    body = history.newest.body
    if history.newest.kind != "escalated":
        return {"completed": "complete"}.get(history.newest.kind, "none")
    return f"escalated at {body['origin']}: {', '.join(body['codes'])}"


def delivered(folder: Path) -> list[str]:
    """Ids of the packets of which both files are there."""
    return sorted({path.stem for path in folder.glob("*.json")} & {path.stem for path in folder.glob("*.md")})
