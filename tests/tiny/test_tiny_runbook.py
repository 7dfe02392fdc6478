"""A second runbook, of two steps, with other effects and other sources, runs on what is shipped as it is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml
from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld
from tests.promise import broken

from runbook_gate.cluster.calls import Call, patch_namespace
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.ledger import Finished
from runbook_gate.models.entry import Entry

TIER, ZONE = "example.com/tier", "example.com/zone"
LABELS = {TIER: "gold", ZONE: "eu-1"}


def run(world: LittleWorld, freeze: str = "over") -> tuple[Finished, list[Entry]]:
    world.submit("mark-0001", "orders-prod", approved=LABELS, runbook="Tiny-Labels-v1", retry_budget=1)
    enter(world, freeze)
    finished = world.run("mark-0001")
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []
        return finished, store.runs.entries(finished.run)


def enter(world: LittleWorld, freeze: str) -> None:
    """Into a register that no shipped runbook reads."""
    inventory = world.folder / "mark-0001" / "cluster_inventory.yaml"
    answer = {
        **yaml.safe_load(inventory.read_text(encoding="utf-8")),
        "source_id": "change-calendar",
        "schema": "change_calendar/1",
        "records": [{"state": freeze}],
    }
    inventory.with_stem("change_calendar").write_text(yaml.safe_dump(answer), encoding="utf-8")


def effects(entries: list[Entry]) -> list[tuple[str | None, str]]:
    return [(entry.step, entry.body["effect"]) for entry in entries if entry.kind == "observation"]


def codes(finished: Finished) -> list[str]:
    return [denial["code"] for denial in json.loads(finished.record)["condition"]]


def live(world: LittleWorld) -> dict[str, str]:
    labels = world.server.namespaces["orders-prod"]["metadata"]["labels"]
    return {key: value for key, value in labels.items() if key in LABELS}


def is_write(call: Call) -> bool:
    return call.method == "PATCH" and ("dryRun", "All") not in call.query


def test_it_runs_from_submit_to_complete(world: LittleWorld) -> None:
    finished, entries = run(world)
    assert finished.outcome == "complete", codes(finished)
    assert live(world) == LABELS
    of_a_step = ["gather", "mark", "resolve_write", "look_again", "look_again"]
    assert effects(entries) == [
        *(("announce", effect) for effect in of_a_step),
        *(("settle", effect) for effect in of_a_step),
        ("settle", "gather"),
    ]
    assert [entry.body["labels"] for entry in entries if entry.kind == "intent"] == [{TIER: "gold"}, {ZONE: "eu-1"}]


def test_only_its_own_sources_are_read(world: LittleWorld) -> None:
    _, entries = run(world)
    [first, *_] = [entry.body for entry in entries if entry.kind == "observation"]
    asked = {name for name, answer in first["registers"].items() if answer["problem"] != "not_requested"}
    assert asked == {"cluster_inventory", "namespace_ownership", "change_calendar"}


def test_its_own_source_stops_it(world: LittleWorld) -> None:
    finished, entries = run(world, freeze="on")
    assert codes(finished) == ["no_freeze.frozen"]
    assert effects(entries) == [("announce", "gather")]
    assert live(world) == {}


def test_its_checks_stop_it_between_the_steps(world: LittleWorld) -> None:
    """Somebody takes the first label away while the second step gathers."""
    world.fault = after_first_look(world, lambda: forget(world, TIER))
    finished, entries = run(world)
    assert codes(finished) == ["seen_again.gone"]
    assert effects(entries)[-1] == ("settle", "gather")
    assert live(world) == {}


def test_a_write_without_an_answer_is_resolved_by_its_own_check(world: LittleWorld) -> None:
    world.fault = lambda call: Fault("lost") if is_write(call) else None
    finished, _ = run(world)
    assert codes(finished) == ["marked.absent"]
    assert json.loads(finished.record)["write_in_doubt"] is True


@pytest.mark.parametrize("action", ["mark", "look_again"])
def test_an_executor_without_its_effects_does_nothing(world: LittleWorld, action: str) -> None:
    world.effects = {name: effect for name, effect in world.effects.items() if name != action}
    with pytest.raises(Exception, match=f"no effect {action}"):
        run(world)


def after_first_look(world: LittleWorld, happens: Callable[[], None]) -> Callable[[Call], Fault | None]:
    """Lets something happen before the first request that follows the step `announce`."""
    reads: list[str] = []

    def fault(call: Call) -> None:
        if call.method == "PATCH" or TIER not in live(world):
            return
        reads.append(call.method)
        if len(reads) == 4:  # resolve_write, look_again twice, and then the second gather
            happens()

    return fault


def forget(world: LittleWorld, key: str) -> None:
    patch = LabelPatch("orders-prod", None, None, {key: None}, "kubectl-label")  # type: ignore[arg-type]
    world.server.handle(patch_namespace(patch, dry_run=False, audit_id=None), user="somebody-else")
