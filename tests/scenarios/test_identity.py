"""Another cluster, another namespace than the prequalified one, or another time than the API server's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.clock import Reading, SystemClock
from runbook_gate.configuration import Cluster
from runbook_gate.demo.stage import APPROVED, REGISTERS, rfc3339
from runbook_gate.localcluster import LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.entry import Entry

# --- the cluster ---


def test_cluster_identity_wrong_cluster_where_kube_system_has_another_uid(theatre: Theatre) -> None:
    theatre.state(cluster_uid="00000000-0000-4000-8000-000000000000")
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "cluster_identity.wrong_cluster", origin="cp1")
    assert theatre.labels() == {}


@pytest.fixture
def other_seeder(own_cluster: LocalCluster) -> Iterator[Seeder]:
    """Every right on a second cluster."""
    with Seeder(own_cluster.server.kubeconfig()) as seeder:
        yield seeder


def test_cluster_identity_wrong_cluster_with_a_namespace_of_the_same_name(
    theatre: Theatre, own_cluster: LocalCluster, other_seeder: Seeder
) -> None:
    other_seeder.namespace(theatre.namespace)
    other_seeder.grant_executor(theatre.namespace)
    theatre.submit()
    finished = theatre.run(cluster=Cluster(kubeconfig=own_cluster.server.kubeconfig("executor")))
    codes = ["cluster_identity.wrong_cluster", "namespace_identity.recreated"]
    assert_escalated(theatre, finished, *codes, origin="cp1")
    assert not (other_seeder.core.read_namespace(theatre.namespace).metadata.labels or {}).keys() & APPROVED.keys()


def test_cluster_identity_and_namespace_identity_unreadable_without_rights(theatre: Theatre) -> None:
    theatre.submit()
    finished = theatre.run(cluster=Cluster(kubeconfig=theatre.cluster.server.kubeconfig("plain")))
    codes = ["cluster_identity.unreadable", "namespace_identity.unreadable"]
    assert_escalated(theatre, finished, *codes, origin="cp1")


def test_cluster_identity_executor_unknown_with_a_token_that_is_not_known(theatre: Theatre, tmp_path: Path) -> None:
    known = theatre.cluster.server
    token = known.admin_token
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(known.kubeconfig("admin").read_text().replace(token, "f" * len(token)))
    theatre.submit()
    finished = theatre.run(cluster=Cluster(kubeconfig=kubeconfig))
    codes = ["cluster_identity.executor_unknown", "cluster_identity.unreadable", "namespace_identity.unreadable"]
    packet = assert_escalated(theatre, finished, *codes, origin="cp1")
    assert packet["live"] is None


# --- the namespace ---


def missing(theatre: Theatre) -> None:
    theatre.seeder.delete_namespace(theatre.namespace)


def terminating(theatre: Theatre) -> None:
    theatre.seeder.delete_namespace(theatre.namespace, finalize=False)


def recreated(theatre: Theatre) -> None:
    theatre.seeder.delete_namespace(theatre.namespace)
    theatre.seeder.namespace(theatre.namespace)


def recreated_with_the_tuple(theatre: Theatre) -> None:
    theatre.seeder.delete_namespace(theatre.namespace)
    theatre.seeder.namespace(theatre.namespace, {key: str(value) for key, value in APPROVED.items()})


FATES = {"missing": missing, "terminating": terminating, "recreated": recreated}
# Origin: the moment at which it happens, and the writes before it.
MOMENTS = {
    "cp1": ("decided:cp0:proceed", 0),
    "cp2": ("observed:patch_labels", 1),
    "cp3": ("decided:cp2:proceed", 1),
    "cp4": ("decided:cp3:proceed", 1),
}


@pytest.mark.parametrize("fate", FATES)
def test_namespace_identity_before_the_run(theatre: Theatre, fate: str) -> None:
    FATES[fate](theatre)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), f"namespace_identity.{fate}", origin="cp1")


@pytest.mark.parametrize("fate", ["missing", "terminating"])
@pytest.mark.parametrize("origin", MOMENTS)
def test_namespace_identity_is_looked_at_again_at_every_checkpoint(theatre: Theatre, fate: str, origin: str) -> None:
    moment, writes = MOMENTS[origin]
    theatre.director.cues[moment] = lambda _entry: FATES[fate](theatre)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), f"namespace_identity.{fate}", origin=origin, writes=writes)


@pytest.mark.parametrize("origin", MOMENTS)
def test_namespace_identity_recreated_is_found_at_every_checkpoint_even_with_the_tuple(
    theatre: Theatre, origin: str
) -> None:
    moment, writes = MOMENTS[origin]
    theatre.director.cues[moment] = lambda _entry: recreated_with_the_tuple(theatre)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "namespace_identity.recreated", origin=origin, writes=writes)


# --- the time ---


@dataclass
class Shifted:
    """The system's clock, wrong by some time that can change; CLOCK_BOOTTIME never jumps."""

    by_ms: int = 0
    right: SystemClock = field(default_factory=SystemClock)

    def read(self) -> Reading:
        now = self.right.read()
        return Reading(now.at_ms + self.by_ms, now.boottime_ms, now.boot_id)

    def sleep(self, seconds: float) -> None:
        self.right.sleep(seconds)

    def jump(self, by_ms: int) -> Callable[[Entry], None]:
        """A cue: somebody sets the clock."""

        def cue(_entry: Entry) -> None:
            self.by_ms = by_ms

        return cue


def registers_as_of(theatre: Theatre, ago: timedelta) -> None:
    """Let all registers be of an earlier moment, so that a slow clock does not see them in its future."""
    moment = rfc3339(datetime.now(UTC) - ago)
    for name in REGISTERS:
        theatre.register(name, lambda answer: answer.update(as_of=moment))


@pytest.fixture
def clock(theatre: Theatre) -> Shifted:
    """The executor's clock, right at first."""
    registers_as_of(theatre, timedelta(minutes=5))
    theatre.clock = shifted = Shifted()
    return shifted


@pytest.mark.parametrize("by_ms", [7_000, -7_000, 120_000, -120_000], ids=lambda ms: f"{ms // 1000} s")
def test_cluster_identity_clocks_differ(theatre: Theatre, clock: Shifted, by_ms: int) -> None:
    clock.by_ms = by_ms
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "cluster_identity.clocks_differ", origin="cp1")


@pytest.mark.parametrize("by_ms", [120_000, -120_000], ids=["ahead", "behind"])
def test_cluster_identity_clocks_differ_after_a_jump_between_verification_and_cp4(
    theatre: Theatre, clock: Shifted, by_ms: int
) -> None:
    theatre.director.cues["decided:cp3:proceed"] = clock.jump(by_ms)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "cluster_identity.clocks_differ", origin="cp4", writes=1)
    assert packet["live"]["restored"] is True


def test_cluster_identity_clocks_differ_and_registers_are_stale_for_a_clock_an_hour_ahead(theatre: Theatre) -> None:
    theatre.clock = Shifted(by_ms=3_600_000)
    theatre.submit()
    codes = ["cluster_identity.clocks_differ", "register_agreement.stale", "waiver_absence.stale"]
    assert_escalated(theatre, theatre.run(), *codes, origin="cp1")


def test_cluster_identity_clocks_differ_where_a_slow_clock_makes_a_past_prequalification_look_good(
    theatre: Theatre,
) -> None:
    theatre.clock = Shifted(by_ms=-3_600_000)
    approval = {"reference": "CHG-20431", "by": "platform-governance"}
    until = rfc3339(datetime.now(UTC) - timedelta(minutes=30))
    theatre.submit(prequalification={**approval, "until": until})
    codes = ["cluster_identity.clocks_differ", "register_agreement.stale", "waiver_absence.stale"]
    assert_escalated(theatre, theatre.run(), *codes, origin="cp1")


def test_task_contract_prequalification_past_for_a_clock_that_is_beyond_it(theatre: Theatre) -> None:
    theatre.clock = Shifted(by_ms=9 * 3_600_000)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "task_contract.prequalification_past", origin="cp0")


@pytest.mark.parametrize("by_ms", [3_000, -3_000], ids=["ahead", "behind"])
def test_clocks_that_differ_by_three_seconds_agree(theatre: Theatre, clock: Shifted, by_ms: int) -> None:
    clock.by_ms = by_ms
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
