"""A head that cannot leave the host stops a write before its intent; after it, it costs neither attempt nor packet."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.promise import broken

from runbook_gate.engine.narration import Silent
from runbook_gate.errors import LedgerUnwritable
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry

FULL = Path("/dev/full")  # can be opened, and takes nothing


@dataclass
class Listener(Silent):
    """Hears what was kept back, and does something at a moment.

    Attributes:
        cues: what is done when a checkpoint was decided, or an effect observed.
        heard: every problem.
    """

    cues: dict[str, Callable[[], object]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def kept_back(self, problem: str) -> None:
        self.heard.append(problem)

    def observed(self, entry: Entry) -> None:
        self._play(entry.body["effect"])

    def decided(self, entry: Entry, decision: Decision) -> None:
        self._play(decision.checkpoint)

    def intended(self, entry: Entry) -> None:
        self._play("intended")

    def _play(self, moment: str) -> None:
        self.cues.pop(moment, lambda: None)()


def configured(world: LittleWorld, **places: Path | None) -> LittleWorld:
    world.settings = world.settings.model_copy(update=places)
    return world


def heads(file: Path) -> list[str]:
    return [line.split()[3] for line in file.read_text().splitlines()]


def entries(world: LittleWorld) -> list[Entry]:
    with world.open() as store:
        return store.runs.entries(store.runs.list()[0].id)


def kept(world: LittleWorld) -> list[str]:
    with world.open() as store:
        return broken(store, [*world.server.created, *world.server.audit])


def test_the_termination_message_says_where_the_run_stands(world: LittleWorld) -> None:
    message = world.folder / "termination-log"
    seen = []

    def look() -> None:
        seen.append(json.loads(message.read_text()))

    listener = Listener(dict.fromkeys(("cp0", "intended"), look))
    configured(world, termination_message=message).run("task-1", listener)
    look()
    made = entries(world)
    [intent] = [entry for entry in made if entry.kind == "intent"]
    assert [(one["seq"], one["head"], one["outcome"]) for one in seen] == [
        (1, made[0].sha256, "unfinished"),
        (intent.seq, intent.sha256, "unfinished"),
        (made[-1].seq, made[-1].sha256, "complete"),
    ]
    assert {(one["run"], one["task"]) for one in seen} == {(made[0].run, "task-1")}


@pytest.mark.parametrize("setting", ["heads_file", "termination_message"])
def test_nothing_begins_while_no_head_can_leave(world: LittleWorld, setting: str) -> None:
    configured(world, **{setting: world.folder / "nowhere" / "file"})
    with pytest.raises(LedgerUnwritable, match=setting):
        world.run("task-1")
    with world.open() as store:
        assert (store.runs.list(), store.tasks.status("task-1").state) == ([], "queued")
    assert world.server.audit == []


def test_a_place_that_goes_away_before_the_intent_costs_no_attempt(world: LittleWorld) -> None:
    file = world.folder / "heads"
    configured(world, heads_file=file)

    def go_away() -> None:
        file.unlink()
        file.mkdir()

    with pytest.raises(LedgerUnwritable, match=r"heads: Is a directory\."):
        world.run("task-1", Listener({"gather": go_away}))
    assert [entry.kind for entry in entries(world)] == ["opened", "decision", "observation"]
    file.rmdir()
    assert world.run("task-1").outcome == "complete"
    assert [entry.attempt for entry in entries(world) if entry.kind == "intent"] == [1]
    assert kept(world) == []


def test_a_place_that_takes_nothing_at_the_intent_does_not_stop_the_write(world: LittleWorld) -> None:
    """The intent is recorded, and its hash leaves the host as the Audit-ID of the write itself."""
    listener = Listener()
    with pytest.raises(LedgerUnwritable, match="All is recorded; its head is kept back") as told:
        configured(world, heads_file=FULL).run("task-1", listener)
    assert told.value.exit_status == 13
    assert len(listener.heard) == 3
    assert set(listener.heard) == {"heads_file /dev/full: No space left on device."}
    made = entries(world)
    assert made[-1].kind == "completed"
    assert [entry.attempt for entry in made if entry.kind == "intent"] == [1]
    assert kept(world) == []
    file = world.folder / "heads"
    assert configured(world, heads_file=file).run("task-1").outcome == "complete"
    assert heads(file) == [made[-1].sha256]


def test_an_escalation_reaches_people_though_its_head_cannot_leave(world: LittleWorld) -> None:
    world.waive("task-1", {"id": "EXC-311", "status": "open"})
    with pytest.raises(LedgerUnwritable):
        configured(world, heads_file=FULL).run("task-1")
    assert len(list((world.folder / "packets").glob("*.json"))) == 1
    assert kept(world) == []


def test_a_head_that_a_dead_process_kept_back_leaves_when_the_run_goes_on(world: LittleWorld) -> None:
    class DiedError(Exception):
        pass

    def die() -> None:
        raise DiedError

    with pytest.raises(DiedError):
        configured(world, heads_file=FULL).run("task-1", Listener({"intended": die}))
    file = world.folder / "heads"
    assert configured(world, heads_file=file).run("task-1").outcome == "complete"
    first, second, end = [entry for entry in entries(world) if entry.kind in {"intent", "completed"}]
    assert heads(file) == [first.sha256, second.sha256, end.sha256]
    assert kept(world) == []
