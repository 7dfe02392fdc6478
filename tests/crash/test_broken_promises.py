"""The matrix finds an executor that does not keep the promise: each is the real one with one thing done wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.crash.conftest import Stage
from tests.crash.figures import Figures
from tests.crash.kept import kept_at
from tests.crash.matrix import Matrix
from tests.crash.watched import WatchedSession
from tests.crash.ways import WAYS
from tests.crash.worlds import CrashWorld, Remains

from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.engine.journal import Journal
from runbook_gate.ledger import Finished
from runbook_gate.serving import Serving


class SendsAgain(WatchedSession):
    """Sends a write again of which it has no answer."""

    def _carry(self, journal: Journal, served: Serving) -> Finished:
        intent = journal.history.newest
        if intent.kind == "intent":
            wanted = {name: intent.body[name] for name in ("uid", "resource_version", "labels")}
            patch = LabelPatch(journal.history.opened.task.namespace, **wanted, field_manager=intent.body["marker"])
            world: Any = self._world(self.settings, self.clock, lambda _: journal.history.opened.ledger)
            with world.cluster.open(20) as connection:
                connection.patch_namespace(patch, dry_run=False, audit_id=intent.sha256)
        return super()._carry(journal, served)


class ForgetsTheLease(WatchedSession):
    """Goes on with whatever run it finds."""

    def _go_on(self, run: str) -> Finished:
        kept_at(self.settings.store).forget_leases()
        return super()._go_on(run)


class DeliversOnce(WatchedSession):
    """Delivers a packet only in the process that made it."""

    def run_task(self, task_id: str) -> Finished:
        return self.store.runs.result(task_id) or super().run_task(task_id)


class NotDurable(CrashWorld):
    """A store that says that a transaction is durable before it is: a crash loses the newest."""

    newest: dict[str, bytes] | None = None
    older: dict[str, bytes]

    def keep(self, point: str) -> Remains:
        left = super().keep(point)
        if left.ledger != self.newest:
            self.older, self.newest = self.newest or left.ledger, left.ledger
        return replace(left, ledger=self.older)


def test_a_store_that_loses_what_it_recorded_shows(stage: Stage) -> None:
    way = WAYS["happy path"]
    tried = Matrix(stage(way, NotDurable), way, Figures("broken"))
    tried.singles(until="a write without an intent")
    assert [one for one in tried.figures.wrong if "a write without an intent" in one], tried.figures.wrong


@pytest.mark.parametrize(
    ("way", "executor", "told"),
    [
        ("happy path", SendsAgain, "came 2 times"),
        ("happy path", ForgetsTheLease, "taken over before its lease was over"),
        ("foreign writer", SendsAgain, "came 2 times"),
        ("open waiver", DeliversOnce, "packets [] were delivered"),
    ],
)
def test_one_crash_shows_it(stage: Stage, way: str, executor: type[WatchedSession], told: str) -> None:
    world = stage(WAYS[way], type("Broken", (CrashWorld,), {"executor": executor}))
    tried = Matrix(world, WAYS[way], Figures("broken"))
    tried.singles(until=told)
    assert [one for one in tried.figures.wrong if told in one], tried.figures.wrong
