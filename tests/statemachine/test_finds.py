"""Executors with a fault on purpose: the promise is seen to be broken. Without the fault the same story keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.tampering import tamper
from tests.scenarios.bundles import edited
from tests.statemachine.executors import Executors, outcome_of
from tests.statemachine.process import Incident
from tests.statemachine.promise import breaches
from tests.statemachine.watched import WatchedSession
from tests.statemachine.world import NAMESPACES, Policy, RestlessWorld

from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.core.continuation import Resolve, continuation
from runbook_gate.engine.journal import Journal
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Finished
from runbook_gate.serving import Serving

NAMESPACE = NAMESPACES[0]


class Resending(WatchedSession):
    """Sends a write that may have happened again, before it looks at what became of it."""

    def _carry(self, journal: Journal, served: Serving) -> Finished:
        intent = journal.history.last("intent")
        if intent and isinstance(continuation(journal.history), Resolve):
            body = intent.body
            patch = LabelPatch(NAMESPACE, body["uid"], body["resource_version"], body["labels"], body["marker"])
            around = self._world(self.settings, self.clock, lambda _: self.store.facts(""))
            with around.cluster.open(5) as connection:  # type: ignore[attr-defined]
                connection.patch_namespace(patch, dry_run=False, audit_id=intent.sha256)
        return super()._carry(journal, served)


@pytest.mark.parametrize(("session", "told"), [(WatchedSession, ""), (Resending, "was sent 2 times")])
def test_a_write_that_is_sent_again_on_resuming(world: RestlessWorld, session: type[WatchedSession], told: str) -> None:
    executors = Executors(world, session)
    task_id = world.ask_for(NAMESPACE)
    executors.start(task_id, Incident("written", 1, "crash"))
    world.pass_time(61_000)
    assert outcome_of(executors.start(task_id)) == "complete"
    assert_told(executors, told)


@pytest.fixture(scope="module")
def careless(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policy]:
    """The shipped policies, but attempt two goes once the namespace has moved, whoever wrote the labels since."""
    rego = "checks/retry_eligibility/moved.rego"
    overtaken = "\t_audit_complete\n\tcount(audit.label_writes(_audit)) == 0\n\tcount(_explaining) > 0\n"
    since = "\tcount(audit.label_writes(_audit)) > 0\n"
    changes = [(overtaken, "\t_audit_complete\n"), (since, "\tfalse\n")]
    bundle = edited(tmp_path_factory.mktemp("careless"), opa_binary, {rego: changes})
    with Sidecar(opa_binary, bundle) as sidecar:
        yield Policy(bundle, sidecar)


@pytest.mark.parametrize(("policy", "told"), [("shipped", ""), ("careless", "landed after platform-team changed")])
def test_a_second_attempt_over_a_write_that_landed_and_was_reverted(
    folder: Path, stranger: Policy, request: pytest.FixtureRequest, policy: str, told: str
) -> None:
    world = RestlessWorld(folder, request.getfixturevalue(policy), stranger)
    executors = Executors(world)
    lost = Incident("write", 1, "fail", ("lost", True, None))
    reverted = Incident("written", 1, "label", (NAMESPACE, "removed"))
    ended = executors.start(world.ask_for(NAMESPACE), lost, reverted)
    assert outcome_of(ended) == ("escalated" if policy == "shipped" else "complete")
    assert_told(executors, told)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_process_that_goes_on_under_a_lease_that_another_one_took(world: RestlessWorld, forgets: bool) -> None:
    executors = Executors(world)
    task_id = world.ask_for(NAMESPACE)
    first = executors.start(task_id, Incident("decided", 4, "pause"))
    [(holder,)] = world.tables.rows("SELECT holder FROM leases", ())
    world.pass_time(61_000)
    executors.start(task_id, Incident("observed", 1, "stop"))
    if forgets:
        [(run, number)] = first.leases
        change = "UPDATE leases SET number = ?, holder = ? WHERE run = ?"
        tamper(world.settings.store, change, number, holder, run)
    executors.let_go(first)
    # Whose lease seems good is stopped all the same by the entries of the other, which it does not know.
    assert outcome_of(first) == ("EntriesLost" if forgets else "LeaseLost")
    assert_told(executors, "ledger verify" if forgets else "", ended=False)


def assert_told(executors: Executors, told: str, *, ended: bool = True) -> None:
    """The promise is broken in this way; where nothing is told, it is kept."""
    found = breaches(executors, ended=ended)
    assert any(told in one for one in found) if told else found == []
