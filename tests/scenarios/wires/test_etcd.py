"""A write that an API server handed to etcd, and of whose end it knows nothing, or knows it late, or is dead by then.

The executor's only API server reaches etcd through a wire that can hold one transaction back, or etcd's answer to it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.scenarios.apiserver_proxy import ApiServerProxy
from tests.scenarios.theatre import Theatre, assert_completed
from tests.scenarios.wires.company import assert_kept, statuses, writer
from tests.scenarios.wires.conftest import Figures, Stage
from tests.scenarios.wires.etcd_holds import Hold
from tests.scenarios.wires.moments import At, Moment
from tests.scenarios.wires.remote import Remote

from runbook_gate.configuration import Audit, Cluster
from runbook_gate.demo.stage import APPROVED
from runbook_gate.localcluster import ApiServer, LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.entry import Entry


@pytest.fixture(scope="module")
def remote(cluster: LocalCluster) -> Iterator[Remote]:
    """An API server that no test kills."""
    with Remote.start(cluster) as started:
        yield started


class Balancer(ApiServerProxy):
    """Sends some writes to one API server and all else to another one.

    Attributes:
        remote: where the writes go.
        writes: how many still do.
    """

    def __init__(self, folder: Path, server: ApiServer) -> None:
        super().__init__(folder, server)
        self.remote, self.writes = server, 0

    def choose(self, method: str, target: str) -> ApiServer:
        if method == "PATCH" and "dryRun=All" not in target and self.writes:
            self.writes -= 1
            return self.remote
        return super().choose(method, target)


@pytest.fixture
def theatre(stage: Stage) -> Theatre:
    return stage()


@pytest.fixture
def balancer(theatre: Theatre, remote: Remote) -> Iterator[Balancer]:
    """In the executor's way to two API servers."""
    with Balancer.start(theatre.folder / "balancer", theatre.cluster.server) as started:
        assert isinstance(started, Balancer)
        started.remote = remote.server
        changes = {
            "cluster": Cluster(kubeconfig=started.kubeconfig()),
            "audit": Audit(logs=(theatre.cluster.server.audit_log, remote.server.audit_log)),
        }
        theatre.settings = theatre.settings.model_copy(update=changes)
        yield started


@pytest.fixture
def created(cluster: LocalCluster) -> Path:
    """The audit log that tells how the namespace was made."""
    return cluster.server.audit_log


def key(theatre: Theatre) -> str:
    return f"/registry/namespaces/{theatre.namespace}"


def same_object(theatre: Theatre) -> bool:
    """Whether every attempt carried the same uid and resourceVersion."""
    intents = [entry.body for entry in theatre.history().entries if entry.kind == "intent"]
    return len({(body["uid"], body["resource_version"]) for body in intents}) == 1


# When a transaction is delivered whose request was answered 504, which attempt lands, and how the server answered.
LATE: dict[str, tuple[Moment, str, list[int]]] = {
    "before the first look": (Moment("observed:patch_labels", 1), "attempt_1", [504]),
    "after the first look": (Moment("observed:resolve_write", 1), "attempt_1", [504]),
    "when another attempt was decided": (Moment("decided:cp2:retry", 1), "attempt_1", [504]),
    "right before another attempt is sent": (Moment("intended", 2), "attempt_1", [504, 409]),
    "after another attempt landed": (Moment("observed:patch_labels", 2), "attempt_2", [504, 200]),
}
QUICK = "right before another attempt is sent"


@pytest.mark.parametrize(
    "when", [pytest.param(name, marks=[] if name == QUICK else [pytest.mark.whole]) for name in LATE]
)
def test_a_transaction_that_is_delivered(
    theatre: Theatre, remote: Remote, balancer: Balancer, figures: Figures, when: str
) -> None:
    """The API server that was given the write answers 504; the namespace is read through another one."""
    balancer.writes = 1
    moment, winner, answered = LATE[when]
    hold = remote.wire.hold_transactions(key(theatre))
    theatre.director = At(moment, hold.release)
    finished = theatre.run()
    assert (finished.outcome, writer(theatre)) == ("complete", winner), theatre.codes()
    log = remote.server.audit_log
    assert statuses(theatre, log) == answered
    assert same_object(theatre)
    assert_kept(theatre, log, unseen=1 if winner == "attempt_1" else None)
    figures(f"API server to etcd, a write delivered {when}", runs=1)


@pytest.mark.whole
def test_transactions_that_are_not_delivered_before_the_run_ends(
    theatre: Theatre, remote: Remote, balancer: Balancer, figures: Figures
) -> None:
    """It escalates with both writes in doubt, and one of them lands."""
    balancer.writes = 2
    hold = remote.wire.hold_transactions(key(theatre))
    finished = theatre.run()
    assert (finished.outcome, theatre.codes()) == ("escalated", ["retry_eligibility.budget_spent"])
    log = remote.server.audit_log
    assert statuses(theatre, log) == [504, 504]
    assert same_object(theatre)
    assert theatre.labels() == {}
    hold.release()
    # What comes on the same connection after them is answered after them.
    with Seeder(remote.server.kubeconfig()) as seeder:
        there = seeder.core.read_namespace(theatre.namespace).metadata
    assert APPROVED.items() <= there.labels.items()
    [marker] = [one.manager for one in there.managed_fields if one.manager.startswith("rbgate.")]
    landed = int(marker.rpartition(".")[2])  # each may be on a connection of its own, so either may come first
    assert landed in {1, 2}
    assert_kept(theatre, log, unseen=landed)
    figures("API server to etcd, both writes delivered after the end", runs=1)


# --- the API server dies ---


@pytest.fixture
def mortal(cluster: LocalCluster, theatre: Theatre) -> Iterator[Remote]:
    """The theatre's API server is one of its own, which may be killed."""
    with Remote.start(cluster) as started:
        theatre.cluster = replace(theatre.cluster, server=started.server)
        changes = {
            "cluster": Cluster(kubeconfig=started.server.kubeconfig("executor")),
            "audit": Audit(logs=(started.server.audit_log,)),
        }
        theatre.settings = theatre.settings.model_copy(update=changes)
        yield started


def kill_once_caught(theatre: Theatre, server: ApiServer, hold: Hold) -> None:
    """Let the API server die as soon as something is held, and start again once the executor noticed."""

    def kill() -> None:
        assert hold.caught.wait(60)
        server.process.kill()

    killer = threading.Thread(target=kill)

    def start_again(entry: Entry) -> None:
        killer.join()
        server.start_again()

    killer.start()
    theatre.director.cues["observed:patch_labels"] = start_again


def test_an_api_server_that_dies_between_write_and_answer(
    theatre: Theatre, mortal: Remote, created: Path, figures: Figures
) -> None:
    """The write landed, and no audit log says so: the marker does."""
    hold = mortal.wire.hold_answers(key(theatre))
    kill_once_caught(theatre, mortal.server, hold)
    finished = theatre.run()
    assert_completed(theatre, finished, writes=0)
    record = theatre.history().newest.body["record"]
    assert (record["writer"], record["audit"]) == ("attempt_1", "inferred")
    assert_kept(theatre, created, unseen=1)
    figures("API server killed between write and answer", runs=1)


AFTER_DEATH: dict[str, tuple[Moment, str, list[int]]] = {
    "after the first look": (Moment("observed:resolve_write", 1), "attempt_1", []),
    "right before another attempt is sent": (Moment("intended", 2), "attempt_1", [409]),
    "after another attempt landed": (Moment("decided:cp2:proceed", 1), "attempt_2", [200]),
}


@pytest.mark.whole
@pytest.mark.parametrize("when", AFTER_DEATH)
def test_a_write_of_a_dead_api_server_that_lands(
    theatre: Theatre, mortal: Remote, created: Path, figures: Figures, when: str
) -> None:
    moment, winner, answered = AFTER_DEATH[when]
    hold = mortal.wire.hold_transactions(key(theatre))
    theatre.director = At(moment, hold.release)
    kill_once_caught(theatre, mortal.server, hold)
    finished = theatre.run()
    assert (finished.outcome, writer(theatre)) == ("complete", winner), theatre.codes()
    assert statuses(theatre) == answered
    assert same_object(theatre)
    assert_kept(theatre, created, unseen=1 if winner == "attempt_1" else None)
    figures(f"API server killed, its write delivered {when}", runs=1)


# --- etcd freezes ---


@pytest.mark.whole
@pytest.mark.parametrize("attempt", range(3))
def test_an_etcd_that_is_frozen_while_the_write_is_under_way(
    stage: Stage, own_cluster: LocalCluster, tmp_path: Path, figures: Figures, attempt: int
) -> None:
    """Whether the write is applied when etcd goes on is open: either way the tuple is written once."""
    with Seeder(own_cluster.server.kubeconfig()) as seeder:
        seeder.namespace("payments")
        seeder.grant_executor("payments")
        (tmp_path / "theatre").mkdir()
        changes = {
            "cluster": Cluster(kubeconfig=own_cluster.server.kubeconfig("executor")),
            "audit": Audit(logs=(own_cluster.server.audit_log,)),
        }
        settings = stage().settings.model_copy(update=changes)
        theatre = Theatre(tmp_path / "theatre", own_cluster, seeder, "payments", settings)
        theatre.director.cues["intended"] = lambda entry: own_cluster.etcd.pause()
        theatre.director.cues["observed:patch_labels"] = lambda entry: own_cluster.etcd.resume()
        theatre.submit()
        finished = theatre.run()
        assert finished.outcome == "complete", theatre.codes()
        assert statuses(theatre)[0] == 504
        assert same_object(theatre)
        assert_kept(theatre, unseen=1 if writer(theatre) == "attempt_1" else None)
    figures("API server to etcd, frozen from the intent to the end of the write", runs=1)
