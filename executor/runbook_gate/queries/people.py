"""Who had to do with a run: the people and programs that the ledger names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.ledger.journal import JournalEntry
from runbook_gate.queries.records import Told

_HANDLED = ("acknowledged", "resolved")


class People:
    """Who asked what of the store.

    Args:
        journal: the store's own chain, in order.
    """

    def __init__(self, journal: Iterable[JournalEntry]) -> None:
        self._handled: dict[str, dict[str, str]] = {}
        self.pauses: list[JournalEntry] = []
        for entry in journal:
            self._note(entry)

    def _note(self, entry: JournalEntry) -> None:
        if entry.kind in ("paused", "unpaused"):
            self.pauses.append(entry)
        elif entry.kind in _HANDLED and entry.subject:
            self._handled.setdefault(entry.subject, {})[entry.kind] = entry.actor

    def of(self, run: Told) -> Mapping[str, str]:
        """By what they did, who did it: submitted, prequalified, acted (not the executor), acknowledged, resolved."""
        task = run.history.opened.task
        found = {"submitted": task.submission.submitter, "prequalified": task.prequalification.by}
        others = sorted({entry.actor for entry in run.history.entries} - {"executor"})
        if others:
            found["acted"] = ", ".join(others)
        if run.state == "escalated":
            found |= self._handled.get(packet_id(run.history.newest.sha256), {})
        return found

    def acted_on(self, run: Told) -> bool:
        """Whether a person did something while the run went on: in the run itself, or by a pause of the executor."""
        until = run.ended_ms
        return any(entry.actor != "executor" for entry in run.history.entries) or any(
            run.opened_ms <= entry.at_ms and (until is None or entry.at_ms < until) for entry in self.pauses
        )
