"""Replays recorded decisions: reads some, reproduces them, compares those that were reproduced, and goes on.

- One thread reads, examines and starts sidecars; as many as there are connections ask them.
- A few chunks are under way at a time, so memory does not grow with the number of decisions.
- Results come in the order of the records, so a flip is known before the later decisions of its run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from runbook_gate.collecting import seldom
from runbook_gate.replay.chunks import CHECKED_OF, Item, Others, Ready, replay
from runbook_gate.replay.examination import Refused, examine
from runbook_gate.replay.outcomes import Replayed
from runbook_gate.replay.policies import Policies
from runbook_gate.replay.records import Recorded, Records, Unreadable
from runbook_gate.replay.selection import Selection
from runbook_gate.replay.sidecars import ReplaySidecar

AT_ONCE: Final = 100
_DIVERGED: Final = {"verdict_changed", "next_changed", "undefined", "error"}


class Replay:
    """Replays what is recorded.

    Args:
        records: where from.
        opa: the opa binary.
        others: what is compared.
        connections: how many requests are under way at a time.
    """

    def __init__(self, records: Records, opa: Path, others: Others, *, connections: int) -> None:
        self._records, self._opa, self._others = records, opa, others
        self._connections = connections
        self._position = 0

    def replayed(self, selection: Selection) -> Iterator[Replayed]:
        """What became of each selected decision, in order."""
        with seldom(), Policies(self._records, self._opa) as policies, ThreadPoolExecutor(self._connections) as pool:
            yield from conditional(self._results(selection, policies, pool))

    def _results(self, selection: Selection, policies: Policies, pool: ThreadPoolExecutor) -> Iterator[Replayed]:
        under_way: deque[tuple[list[Item], Future[list[Replayed]]]] = deque()
        decisions = self._records.decisions(selection)
        while found := list(islice(decisions, AT_ONCE)):
            items = self._items(found, policies)
            under_way.append((items, pool.submit(replay, items, self._others)))
            policies.spare({one for items, _ in under_way for one in _sidecars(items)})
            if len(under_way) > 2 * self._connections:
                yield from under_way.popleft()[1].result()
        for _, future in under_way:
            yield from future.result()

    def _items(self, found: Iterable[Recorded | Unreadable], policies: Policies) -> list[Item]:
        found = list(found)
        digests = {
            digest for one in found if isinstance(one, Recorded) for digest in (one.request_sha256, one.answer_sha256)
        }
        evidence = self._records.evidence(digests)
        items: list[Item] = []
        for one in found:
            question = one if isinstance(one, Unreadable) else examine(one, evidence)
            if isinstance(question, Refused | Unreadable):
                items.append(question)
                continue
            served = policies.serve(question.recorded.policy)
            if isinstance(served, ReplaySidecar):
                items.append(Ready(question, served, checked=self._position % CHECKED_OF == 0))
                self._position += 1
            else:
                items.append(Refused(question.recorded, *served))
        return items


def conditional(results: Iterable[Replayed]) -> Iterator[Replayed]:
    """Mark what follows a flip in its run, or a decision that the candidate lacks: it would not have come there so."""
    flipped: str | None = None
    for one in results:
        yield replace(one, conditional=True) if one.recorded.run == flipped else one
        if one.comparison is not None and one.comparison.change in _DIVERGED:
            flipped = one.recorded.run


def _sidecars(items: Iterable[Item]) -> Iterator[ReplaySidecar]:
    return (item.sidecar for item in items if isinstance(item, Ready))
