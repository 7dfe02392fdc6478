"""One kubeconfig for several clusters: the task's cluster id selects the context, and not the file's current one."""

from __future__ import annotations

import pytest
from tests.clusters.conftest import EAST, WEST, assert_stopped_by_the_identity, run_both
from tests.scenarios.theatre import Theatre

from runbook_gate.doctor import examine
from runbook_gate.errors import InvalidDocument

Both = tuple[Theatre, Theatre]


def test_each_task_reaches_its_cluster_through_its_context(by_context: Both) -> None:
    run_both(by_context)


@pytest.mark.parametrize("listed", [EAST, WEST])
def test_doctor_asks_through_the_same_context(by_context: Both, listed: str) -> None:
    east, _ = by_context
    found = {one.name: one for one in examine(east.settings, east.namespace, cluster_id=listed) if listed in one.name}
    asked = [found[f"{kind} {listed}"] for kind in ("cluster", "clock", "identity", "rights")]
    assert [one for one in asked if not one.fit] == []
    assert asked[-1].told.startswith(f"sufficient on {east.namespace}")


def test_swapped_contexts_are_stopped_by_the_identity_of_the_cluster(by_context: Both) -> None:
    east, west = by_context
    contexts(east, {EAST: "west", WEST: "east"})
    assert_stopped_by_the_identity(east, west)


def test_a_context_that_is_not_in_the_file_is_told_before_a_run_is_opened(by_context: Both) -> None:
    east, _ = by_context
    contexts(east, {EAST: "north"})
    east.submit()
    with pytest.raises(InvalidDocument, match="not a kubeconfig with the context that was asked for"):
        east.run()
    with east.store() as store:
        assert (store.tasks.status("task-1").state, store.runs.list()) == ("queued", [])


def contexts(theatre: Theatre, chosen: dict[str, str]) -> None:
    """Let clusters be reached through other contexts."""
    listed = {
        name: one.model_copy(update={"context": chosen.get(name, one.context)})
        for name, one in theatre.settings.clusters.items()
    }
    theatre.settings = theatre.settings.model_copy(update={"clusters": listed})
