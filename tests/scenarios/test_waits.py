"""No answer is a denial that waits: for as long as the run has, and no longer.

Each test lets something not answer and come back, or not. The codes of the waits are the rules that are tested.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios import obstacles
from tests.scenarios.apiserver_proxy import Answer, ApiServerProxy
from tests.scenarios.servers import another_server, listed, mended, server_of_its_own
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.configuration import Audit, Cluster
from runbook_gate.demo.stage import REGISTERS, rfc3339
from runbook_gate.localcluster import ApiServer, LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.entry import Entry

CHECK = dict.fromkeys(REGISTERS, "register_agreement") | {"platform_exceptions": "waiver_absence"}
NO_CLUSTER = ["cluster_identity.unanswered", "namespace_identity.unanswered"]
NO_NAMESPACE = ["namespace_identity.unanswered"]
TOO_FEW = "verification_reconciliation.too_few_rounds"
PAST = "gate.deadline_passed"


def waits(theatre: Theatre) -> list[tuple[str, list[str]]]:
    """Checkpoint and codes of each wait, but for the one between two good rounds."""
    waited = [entry for entry in theatre.history().decisions() if entry.body["verdict"] == "wait"]
    told = [(str(entry.checkpoint), list(entry.body["codes"])) for entry in waited]
    return [wait for wait in told if wait[1] != [TOO_FEW]]


def assert_waited(theatre: Theatre, checkpoint: str, *codes: str) -> None:
    """At this checkpoint only, for these reasons only, once or several times."""
    assert waits(theatre)
    assert all(wait == (checkpoint, sorted(codes)) for wait in waits(theatre)), waits(theatre)


def then(act: Callable[[], object]) -> Callable[[Entry], None]:
    """A cue that looks at no entry."""

    def cue(_entry: Entry) -> None:
        act()

    return cue


# --- registers ---


def hide(theatre: Theatre, *registers: str) -> None:
    """A folder in place of the file: something answers the path, and it is no register."""
    for register in registers:
        theatre.files[register].unlink()
        theatre.files[register].mkdir()


def bring_back(theatre: Theatre, *registers: str) -> None:
    for register in registers:
        theatre.files[register].rmdir()
        theatre.register(register, lambda answer: None)


@pytest.mark.parametrize("register", REGISTERS)
def test_a_register_that_does_not_answer_for_a_while(theatre: Theatre, register: str) -> None:
    hide(theatre, register)
    theatre.director.cues["decided:cp1:wait"] = then(lambda: bring_back(theatre, register))
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [("cp1", [f"{CHECK[register]}.unanswered"])]


def test_all_registers_that_do_not_answer_for_a_while(theatre: Theatre) -> None:
    hide(theatre, *REGISTERS)
    theatre.director.cues["decided:cp1:wait"] = then(lambda: bring_back(theatre, *REGISTERS))
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [("cp1", ["register_agreement.unanswered", "waiver_absence.unanswered"])]


@pytest.mark.parametrize("register", REGISTERS)
def test_a_register_that_does_not_answer_before_the_completion(theatre: Theatre, register: str) -> None:
    theatre.director.cues["decided:cp3:proceed"] = then(lambda: hide(theatre, register))
    theatre.director.cues["decided:cp4:wait"] = then(lambda: bring_back(theatre, register))
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [("cp4", [f"{CHECK[register]}.unanswered"])]


@pytest.mark.parametrize("register", REGISTERS)
def test_a_register_that_does_not_answer_until_the_deadline(
    theatre: Theatre, short_deadline: dict[str, Any], register: str
) -> None:
    hide(theatre, register)
    theatre.submit()
    code = f"{CHECK[register]}.unanswered"
    assert_escalated(theatre, theatre.run(**short_deadline), code, PAST, origin="cp1")
    assert_waited(theatre, "cp1", code)
    opened, newest = theatre.history().opened, theatre.history().newest
    assert 0 <= newest.at_ms - opened.deadline_ms < 5_000


def test_a_register_that_does_not_answer_after_the_write_until_the_prequalification_ends(theatre: Theatre) -> None:
    """The deadline is the end of the prequalification, if that is earlier than the run's longest time."""
    until = rfc3339(datetime.now(UTC) + timedelta(seconds=15))
    theatre.director.cues["decided:cp3:proceed"] = then(lambda: hide(theatre, "platform_exceptions"))
    prequalification = {"reference": "CHG-1", "by": "platform-governance", "until": until}
    theatre.submit(prequalification=prequalification)
    packet = assert_escalated(theatre, theatre.run(), "waiver_absence.unanswered", PAST, origin="cp4", writes=1)
    assert rfc3339(datetime.fromtimestamp(theatre.history().opened.deadline_ms / 1000, UTC)) == until
    assert packet["live"]["restored"] is True
    assert packet["write_in_doubt"] is False


def test_a_register_that_does_not_answer_before_the_write_until_the_prequalification_ends(theatre: Theatre) -> None:
    """At cp1 the end of the prequalification is an answer of its own, so nothing waits for the deadline any more."""
    until = rfc3339(datetime.now(UTC) + timedelta(seconds=8))
    hide(theatre, "namespace_baseline")
    theatre.submit(prequalification={"reference": "CHG-1", "by": "platform-governance", "until": until})
    codes = ["register_agreement.unanswered", "task_contract.prequalification_past"]
    assert_escalated(theatre, theatre.run(), *codes, origin="cp1")
    assert_waited(theatre, "cp1", "register_agreement.unanswered")


def test_a_register_that_is_gone_is_an_answer(theatre: Theatre) -> None:
    """`register_agreement.missing` does not wait, although the same register waited while it did not answer."""
    hide(theatre, "cluster_inventory")
    theatre.director.cues["decided:cp1:wait"] = then(theatre.files["cluster_inventory"].rmdir)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "register_agreement.missing", origin="cp1")
    assert waits(theatre) == [("cp1", ["register_agreement.unanswered"])]


def test_a_register_that_does_not_answer_does_not_hold_up_another_ones_denial(theatre: Theatre) -> None:
    """The gate waits only if every denial is one that waits."""
    theatre.state(waivers=({"id": "W-1", "status": "open", "cluster_id": "*", "namespace": "*"},))
    hide(theatre, "namespace_baseline")
    theatre.submit()
    codes = ["register_agreement.unanswered", "waiver_absence.open_waiver"]
    assert_escalated(theatre, theatre.run(), *codes, origin="cp1")
    assert theatre.asked() == ["cp0 proceed", "cp1 escalate"]


# --- the API server ---


@pytest.fixture
def server(theatre: Theatre) -> Iterator[ApiServer]:
    """The executor's API server, which the test may stop."""
    with server_of_its_own(theatre) as own:
        yield own


# Where the API server goes away, where that is noticed, and what is said then.
OUTAGES = {
    "before the write": ("decided:cp0:proceed", "cp1", NO_CLUSTER),
    "after the write": ("observed:patch_labels", "cp2", NO_NAMESPACE),
    "before the first round": ("decided:cp2:proceed", "cp3", NO_NAMESPACE),
    "between the rounds": ("observed:verify", "cp3", NO_NAMESPACE),
    "before the completion": ("decided:cp3:proceed", "cp4", NO_CLUSTER),
}


@pytest.mark.parametrize(("moment", "checkpoint", "codes"), OUTAGES.values(), ids=OUTAGES)
def test_an_api_server_that_is_down_for_a_while(
    theatre: Theatre, server: ApiServer, moment: str, checkpoint: str, codes: list[str]
) -> None:
    """It goes on where it stood, and writes once."""

    def stop() -> None:
        server.stop()
        theatre.director.cues[f"decided:{checkpoint}:wait"] = then(start_once_noticed)

    def start_once_noticed() -> None:
        if waits(theatre):
            server.start_again()
        else:  # the wait between two good rounds
            theatre.director.cues[f"decided:{checkpoint}:wait"] = then(start_once_noticed)

    theatre.director.cues[moment] = then(stop)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [(checkpoint, codes)]


@pytest.mark.parametrize(
    ("moment", "checkpoint", "codes", "writes"),
    [(*OUTAGES[name], writes) for name, writes in [("before the write", 0), ("after the write", 1)]],
    ids=["before the write", "after the write"],
)
def test_an_api_server_that_is_down_until_the_deadline(
    theatre: Theatre,
    server: ApiServer,
    short_deadline: dict[str, Any],
    moment: str,
    checkpoint: str,
    codes: list[str],
    writes: int,
) -> None:
    theatre.director.cues[moment] = then(server.stop)
    theatre.submit()
    finished = theatre.run(**short_deadline)
    packet = assert_escalated(theatre, finished, *codes, PAST, origin=checkpoint, writes=writes)
    assert_waited(theatre, checkpoint, *codes)
    assert packet["write_in_doubt"] is False


def test_an_api_server_whose_storage_hangs_for_a_while(
    theatre: Theatre, own_cluster: LocalCluster, tmp_path: Path
) -> None:
    """A 504 on a read is no answer."""
    own = Theatre(tmp_path / "own", own_cluster, Seeder(own_cluster.server.kubeconfig()), "default", theatre.settings)
    own.seeder.grant_executor("default")
    own.seeder.core.create_namespaced_service_account("default", {"metadata": {"name": "default"}})
    reach = Cluster(kubeconfig=own_cluster.server.kubeconfig("executor"))
    own.director.cues["decided:cp0:proceed"] = then(own_cluster.etcd.pause)
    own.director.cues["decided:cp1:wait"] = then(own_cluster.etcd.resume)
    own.submit()
    finished = own.run(cluster=reach, audit=Audit(logs=(own_cluster.server.audit_log,)))
    assert_completed(own, finished, writes=1)
    assert waits(own) == [("cp1", NO_CLUSTER)]


class Meddling(ApiServerProxy):
    """Does something else with requests that a test picks out, as long as it has something to do."""

    def __init__(self, theatre: Theatre) -> None:
        super().__init__(theatre.folder / "proxy", theatre.cluster.server)
        self.picks: Callable[[str, str], bool] = lambda method, target: False
        self.acts: list[Callable[[], Answer | None]] = []

    def pass_on(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        if self.acts and self.picks(method, target):
            answer = self.acts.pop(0)()
            if answer is not None:
                return answer
        return super().pass_on(method, target, headers, body)


@pytest.fixture
def proxy(theatre: Theatre) -> Iterator[Meddling]:
    """A proxy in the executor's way to the API server."""
    with contextlib.closing(Meddling(theatre)) as started:
        settings = {"cluster": Cluster(kubeconfig=started.kubeconfig())}
        theatre.settings = theatre.settings.model_copy(update=settings)
        yield started


def dry_run_of_the_write(method: str, target: str) -> bool:
    return method == "PATCH" and "dryRun=All" in target


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_a_dry_run_that_is_not_answered_for_a_while(theatre: Theatre, proxy: Meddling, status: int) -> None:
    proxy.picks = dry_run_of_the_write
    proxy.acts = [lambda: Answer(status, [("Content-Type", "text/plain")], b"try again")]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [("cp1", ["dry_run_agreement.unanswered"])]


def test_a_namespace_that_somebody_changes_while_it_is_read(theatre: Theatre, proxy: Meddling) -> None:
    """`drift_agreement.moved`: the reads around the dry run must agree."""

    def change() -> None:
        theatre.live({"team": "settlement"})

    proxy.picks = dry_run_of_the_write
    proxy.acts = [change]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [("cp1", ["drift_agreement.moved"])]


def test_a_probe_that_is_not_answered_for_a_while(theatre: Theatre, proxy: Meddling) -> None:
    """`verification_reconciliation.unanswered`: such a round counts neither for nor against."""
    proxy.picks = lambda method, target: method == "POST" and "/pods?" in target
    proxy.acts = [lambda: Answer(503, [("Content-Type", "text/plain")], b"try again")]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert waits(theatre) == [("cp3", ["verification_reconciliation.unanswered"])]


# --- probes ---


def test_probes_that_a_dead_webhook_blocks_for_a_while(theatre: Theatre) -> None:
    """`verification_reconciliation.inconclusive` waits within the window."""
    theatre.submit()
    with contextlib.ExitStack() as stack:
        stack.enter_context(obstacles.dead_webhook(theatre))
        theatre.director.cues["decided:cp3:wait"] = then(stack.close)
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert_waited(theatre, "cp3", "verification_reconciliation.inconclusive")


def test_probes_that_are_blocked_until_the_deadline(theatre: Theatre, short_deadline: dict[str, Any]) -> None:
    theatre.submit()
    with obstacles.dead_webhook(theatre):
        finished = theatre.run(**short_deadline)
    code = "verification_reconciliation.inconclusive"
    packet = assert_escalated(theatre, finished, code, PAST, origin="cp3", writes=1)
    assert {(blocker["pattern"], blocker["plugin"]) for blocker in packet["blockers"]} == {
        ("webhook_failed", "pods.example.com")
    }


def test_a_default_service_account_that_comes_late(theatre: Theatre) -> None:
    core = theatre.seeder.core
    core.delete_namespaced_service_account("default", theatre.namespace)
    account = {"metadata": {"name": "default"}}
    theatre.director.cues["decided:cp3:wait"] = then(
        lambda: core.create_namespaced_service_account(theatre.namespace, account)
    )
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert_waited(theatre, "cp3", "verification_reconciliation.inconclusive")


# --- one of several API servers ---


def test_a_listed_server_that_enforces_late(theatre: Theatre) -> None:
    """`verification_reconciliation.lagging` waits within the window, and rounds count from the first good one."""
    theatre.submit()
    with another_server(theatre, pod_security_disabled=True) as late:
        settings = listed(theatre, api_1=theatre.cluster.server, api_2=late)
        successor = mended(theatre, late)

        def mend() -> None:
            late.stop()
            successor.start_again()

        theatre.director.cues["decided:cp3:wait"] = then(mend)
        with contextlib.closing(_Stopping(successor)):
            finished = theatre.run(**settings)
    assert_completed(theatre, finished, writes=1)
    assert_waited(theatre, "cp3", "verification_reconciliation.lagging")
    assert theatre.asked()[-4:] == ["cp3 wait", "cp3 wait", "cp3 proceed", "cp4 complete"]


def test_a_listed_server_that_is_down_for_a_while(theatre: Theatre) -> None:
    theatre.submit()
    with another_server(theatre) as down:
        settings = listed(theatre, api_1=theatre.cluster.server, api_2=down)
        down.stop()
        theatre.director.cues["decided:cp3:wait"] = then(down.start_again)
        finished = theatre.run(**settings)
    assert_completed(theatre, finished, writes=1)
    assert_waited(theatre, "cp3", *NO_NAMESPACE)


class _Stopping:
    def __init__(self, server: ApiServer) -> None:
        self.close = server.stop


# --- the audit log ---


@pytest.mark.parametrize(
    ("hindrance", "code"),
    [(Path.mkdir, "audit_unanswered"), (Path.touch, "audit_pending")],
    ids=["cannot be read", "lags behind"],
)
def test_an_audit_log_that_is_late(theatre: Theatre, hindrance: Callable[[Path], None], code: str) -> None:
    """Rounds whose audit evidence is not there yet become good when it comes."""
    real, log = theatre.cluster.server.audit_log, theatre.folder / "late" / "audit.log"
    log.parent.mkdir()
    hindrance(log)

    def come() -> None:
        log.rmdir() if log.is_dir() else log.unlink()
        log.symlink_to(real)

    theatre.director.cues["decided:cp3:wait"] = then(come)
    theatre.submit()
    assert_completed(theatre, theatre.run(audit=Audit(logs=(log,))), writes=1)
    assert_waited(theatre, "cp3", f"verification_reconciliation.{code}")
    assert len(list(theatre.history().observations("verify", step="restore"))) == 2
