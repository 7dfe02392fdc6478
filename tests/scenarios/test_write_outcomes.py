"""What becomes of the write: conflict, refusal, loss on either side of delivery, and what may follow each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.scenarios.admission import changing_labels, refusing_writes
from tests.scenarios.apiserver_proxy import (
    ApiServerProxy,
    Deliver,
    Held,
    Play,
    instead,
    lost_after_delivery,
    lost_before_delivery,
    meanwhile,
    unanswered_until,
)
from tests.scenarios.clocks import Suspendable
from tests.scenarios.process import start
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.configuration import Audit, Cluster
from runbook_gate.demo.stage import APPROVED, PREFIX, REMOVED
from runbook_gate.ledger import Finished, Lease
from runbook_gate.models.entry import Entry

ENFORCE, AUDIT = f"{PREFIX}enforce", f"{PREFIX}audit"
AFTER_ANOTHER_ATTEMPT = [
    "cp0 proceed",
    "cp1 proceed",
    "cp2 wait",
    "cp2 retry",
    "cp1 proceed",
    "cp2 proceed",
    "cp3 wait",
    "cp3 proceed",
    "cp4 complete",
]


@pytest.fixture
def proxy(theatre: Theatre) -> Iterator[ApiServerProxy]:
    """A proxy in the executor's way to the API server."""
    with ApiServerProxy.start(theatre.folder / "proxy", theatre.cluster.server) as started:
        settings = {"cluster": Cluster(kubeconfig=started.kubeconfig())}
        theatre.settings = theatre.settings.model_copy(update=settings)
        yield started


@pytest.fixture
def settled(theatre: Theatre) -> None:
    """A namespace that nobody wrote within the skew: before another attempt its creation, too, would be looked at."""
    time.sleep(6.1)


def writer(theatre: Theatre) -> str:
    """Who wrote the tuple, in the completion record."""
    return str(theatre.history().newest.body["record"]["writer"])


def intents(theatre: Theatre) -> list[Entry]:
    return [entry for entry in theatre.history().entries if entry.kind == "intent"]


def reasons(theatre: Theatre, verdict: str) -> list[str]:
    """Codes of every decision with a verdict."""
    return [
        code
        for entry in theatre.history().decisions()
        for code in entry.body["codes"]
        if entry.body["verdict"] == verdict and entry.checkpoint == "cp2"
    ]


def outcomes(theatre: Theatre) -> list[str | int]:
    """What became of each write, as the executor saw it: a status, or why there is none."""
    seen = [
        entry.body["patched"]["http"]
        for entry in theatre.history().entries
        if entry.kind == "observation" and entry.body["effect"] == "patch_labels"
    ]
    return [http["status"] or http["outcome"] for http in seen]


def settled_ms(theatre: Theatre, intent: Entry) -> int:
    """How long after an intent another attempt was decided."""
    retries = [entry for entry in theatre.history().decisions() if entry.body["verdict"] == "retry"]
    return retries[0].boottime_ms - intent.boottime_ms


def let_the_creation_be_a_second_ago() -> None:
    """The Date header has whole seconds: writes in the second before the last read count as newer than it."""
    time.sleep(1.1)


# --- answers that the API server gives ---


def test_a_second_conflict_escalates(theatre: Theatre) -> None:
    def again(entry: Entry) -> None:
        theatre.live({"team": "payments-2"})

    def change(entry: Entry) -> None:
        theatre.live({"team": "payments-1"})
        theatre.director.cues["intended"] = again

    theatre.director.cues["intended"] = change
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "retry_eligibility.second_conflict", origin="cp2", writes=2)
    assert [write["responseStatus"]["code"] for write in theatre.writes()] == [409, 409]
    assert [attempt["retry_reason"] for attempt in packet["attempts"]] == [["retry_eligibility.conflict"], []]
    assert packet["write_in_doubt"] is False
    assert theatre.labels() == {"team": "payments-2"}


@pytest.mark.parametrize(("reason", "status"), [("Forbidden", 403), (None, 422)])
def test_a_write_that_is_refused_though_its_dry_run_passes_escalates(
    theatre: Theatre, reason: str | None, status: int
) -> None:
    theatre.submit()
    with refusing_writes(theatre.seeder, theatre.namespace, reason):
        finished = theatre.run()
    packet = assert_escalated(theatre, finished, "retry_eligibility.refused", origin="cp2", writes=1)
    assert [attempt["outcome"] for attempt in packet["attempts"]] == [str(status)]
    assert packet["write_in_doubt"] is False


@pytest.mark.parametrize(
    ("status", "reason", "in_doubt"),
    [(429, "TooManyRequests", False), (500, "InternalError", True), (503, "ServiceUnavailable", True)],
)
def test_a_write_that_fails_in_a_way_that_is_not_repeated_escalates(
    theatre: Theatre, proxy: ApiServerProxy, status: int, reason: str, in_doubt: bool
) -> None:
    proxy.plays = [instead(status, reason)]
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "retry_eligibility.refused", origin="cp2")
    assert packet["write_in_doubt"] is in_doubt


def test_a_write_that_failed_and_landed_all_the_same_completes(theatre: Theatre, proxy: ApiServerProxy) -> None:
    proxy.plays = [instead(500, "InternalError", delivered=True)]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert writer(theatre) == "attempt_1"


def test_a_namespace_that_is_deleted_while_the_write_is_under_way_escalates(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    proxy.plays = [meanwhile(lambda: theatre.seeder.delete_namespace(theatre.namespace))]
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "namespace_identity.missing", origin="cp2", writes=1)
    assert proxy.answers == [404]


def test_a_namespace_that_is_recreated_while_the_write_is_under_way_is_not_written(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    def recreate() -> None:
        theatre.seeder.delete_namespace(theatre.namespace)
        theatre.seeder.namespace(theatre.namespace)

    proxy.plays = [meanwhile(recreate)]
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "namespace_identity.recreated", origin="cp2", writes=1)
    assert proxy.answers == [409]
    assert theatre.labels() == {}


# --- admission that changes our labels ---


def test_a_webhook_that_changes_our_labels_is_found_by_the_dry_run(theatre: Theatre) -> None:
    def weaken(request: Mapping[str, Any]) -> Mapping[str, str | None]:
        return {ENFORCE: "baseline"}

    theatre.submit()
    with changing_labels(theatre.folder / "webhook", theatre.seeder, theatre.namespace, weaken):
        finished = theatre.run()
    assert_escalated(theatre, finished, "dry_run_agreement.differs", origin="cp1")
    assert theatre.labels() == {}


@pytest.mark.parametrize(
    ("stored", "codes"),
    [
        (None, ["retry_eligibility.stored_differs"]),
        ("baseline", ["retry_eligibility.stored_differs", "drift_agreement.foreign_value"]),
    ],
)
def test_a_webhook_that_spares_the_dry_run_escalates_after_the_write(
    theatre: Theatre, stored: str | None, codes: list[str]
) -> None:
    def weaken(request: Mapping[str, Any]) -> Mapping[str, str | None]:
        return {} if request.get("dryRun") else {AUDIT: stored}

    theatre.submit()
    with changing_labels(theatre.folder / "webhook", theatre.seeder, theatre.namespace, weaken):
        finished = theatre.run()
    assert_escalated(theatre, finished, *codes, origin="cp2", writes=1)
    assert theatre.labels().get(AUDIT) == stored


# --- no answer, and the write did not land ---


@pytest.mark.parametrize(
    ("play", "outcome"), [(lost_before_delivery, "lost"), (instead(504, "Timeout"), 504)], ids=["lost", "504"]
)
def test_a_write_lost_before_delivery_is_sent_once_more_for_the_same_object(
    theatre: Theatre, proxy: ApiServerProxy, play: Play, outcome: str | int
) -> None:
    proxy.plays = [play]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.way() == AFTER_ANOTHER_ATTEMPT
    assert set(reasons(theatre, "wait")) == {"retry_eligibility.unsettled"}
    assert outcomes(theatre)[0] == outcome
    assert reasons(theatre, "retry") == ["retry_eligibility.in_doubt"]
    first, second = intents(theatre)
    for bound in ("uid", "resource_version"):
        assert first.body[bound] == second.body[bound]
    assert settled_ms(theatre, first) >= 10_000
    assert writer(theatre) == "attempt_2"


def test_a_write_that_is_not_answered_in_time_is_sent_once_more(theatre: Theatre, proxy: ApiServerProxy) -> None:
    given_up = threading.Event()
    proxy.plays = [unanswered_until(given_up)]
    theatre.director.cues["observed:patch_labels"] = lambda entry: given_up.set()
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert outcomes(theatre) == ["timed_out", 200]
    assert reasons(theatre, "retry") == ["retry_eligibility.in_doubt"]


def test_a_refused_connection_after_the_intent_is_tried_once_more(theatre: Theatre, proxy: ApiServerProxy) -> None:
    theatre.director.cues["intended"] = lambda entry: proxy.close()
    theatre.director.cues["observed:patch_labels"] = lambda entry: proxy.open()
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert outcomes(theatre) == ["refused", 200]
    assert reasons(theatre, "retry") == ["retry_eligibility.in_doubt"]


def test_a_go_that_passes_between_intent_and_send_is_not_sent_and_counts(theatre: Theatre) -> None:
    clock = Suspendable()
    theatre.clock = clock

    def suspend(entry: Entry) -> None:
        clock.ahead_ms += 11_000

    theatre.director.cues["intended"] = suspend
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert outcomes(theatre) == ["not_sent", 200]
    assert [intent.attempt for intent in intents(theatre)] == [1, 2]


@pytest.mark.usefixtures("settled")
def test_another_label_that_moves_the_namespace_kills_a_lost_write_and_another_one_goes(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    proxy.plays = [lost_before_delivery]
    theatre.director.cues["observed:patch_labels"] = lambda entry: theatre.live({"team": "payments"})
    theatre.submit()
    let_the_creation_be_a_second_ago()
    finished = theatre.run()
    assert finished.outcome == "complete", theatre.codes()
    assert theatre.labels() == {**APPROVED, "team": "payments"}
    assert len(theatre.writes()) == 1
    assert reasons(theatre, "retry") == ["retry_eligibility.overtaken"]
    first, second = intents(theatre)
    assert first.body["resource_version"] != second.body["resource_version"]


@pytest.mark.parametrize("logs", [0, 1], ids=["no audit log", "a log that begins after the write"])
def test_nobody_can_say_that_a_lost_write_was_not_reverted_with(
    theatre: Theatre, proxy: ApiServerProxy, logs: int
) -> None:
    rotated = theatre.folder / "audit.log"
    rotated.touch()
    proxy.plays = [lost_before_delivery]
    theatre.director.cues["observed:patch_labels"] = lambda entry: theatre.live({"team": "payments"})
    theatre.submit()
    finished = theatre.run(audit=Audit(logs=(rotated,) * logs))
    packet = assert_escalated(theatre, finished, "retry_eligibility.audit_insufficient", origin="cp2")
    assert packet["write_in_doubt"] is False


@pytest.mark.usefixtures("settled")
def test_a_namespace_that_moves_after_the_decision_to_retry_is_looked_at_once_more(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    proxy.plays = [lost_before_delivery]
    theatre.director.cues["decided:cp2:retry"] = lambda entry: theatre.live({"team": "payments"})
    theatre.submit()
    let_the_creation_be_a_second_ago()
    finished = theatre.run()
    assert finished.outcome == "complete", theatre.codes()
    assert reasons(theatre, "retry") == ["retry_eligibility.in_doubt", "retry_eligibility.overtaken"]
    assert len(theatre.writes()) == 1


@pytest.mark.usefixtures("settled")
def test_a_namespace_that_moves_after_each_decision_to_retry_escalates(theatre: Theatre, proxy: ApiServerProxy) -> None:
    def again(entry: Entry) -> None:
        theatre.live({"team": "payments-2"})

    def change(entry: Entry) -> None:
        theatre.live({"team": "payments-1"})
        theatre.director.cues["decided:cp2:retry"] = again

    proxy.plays = [lost_before_delivery]
    theatre.director.cues["decided:cp2:retry"] = change
    theatre.submit()
    let_the_creation_be_a_second_ago()
    packet = assert_escalated(theatre, theatre.run(), "retry_eligibility.retries_spent", origin="cp2")
    assert packet["write_in_doubt"] is False
    assert len(intents(theatre)) == 1


def test_a_conflict_after_a_lost_write_spends_the_budget_and_leaves_nothing_in_doubt(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    lost = Held()
    proxy.plays = [lost, meanwhile(lambda: theatre.live({"team": "payments"}))]
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "retry_eligibility.budget_spent", origin="cp2", writes=1)
    assert proxy.answers == [409]
    assert packet["write_in_doubt"] is False
    assert lost.deliver() == [409]


# --- no answer, and the write landed ---


@pytest.mark.parametrize("play", [lost_after_delivery, instead(504, "Timeout", delivered=True)], ids=["lost", "504"])
def test_a_write_lost_after_delivery_is_seen_and_not_repeated(
    theatre: Theatre, proxy: ApiServerProxy, play: Play
) -> None:
    proxy.plays = [play]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert len(intents(theatre)) == 1
    assert writer(theatre) == "attempt_1"


def test_a_write_that_lands_after_the_second_one_was_decided_wins_alone(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    first = Held()
    proxy.plays = [first, meanwhile(first.deliver)]
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=2)
    assert proxy.answers == [200, 409]
    assert writer(theatre) == "attempt_1"


def test_a_write_that_is_delivered_after_the_second_one_landed_is_dead(theatre: Theatre, proxy: ApiServerProxy) -> None:
    first = Held()
    proxy.plays = [first]

    def deliver(entry: Entry) -> None:
        first.deliver()

    theatre.director.cues["decided:cp2:proceed"] = deliver
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=2)
    assert proxy.answers == [200, 409]
    assert writer(theatre) == "attempt_2"


# --- no answer, and somebody else wrote since ---


def test_a_newer_foreign_value_after_a_lost_write_is_left_alone(theatre: Theatre, proxy: ApiServerProxy) -> None:
    proxy.plays = [lost_before_delivery]
    theatre.director.cues["observed:patch_labels"] = lambda entry: theatre.live({ENFORCE: "baseline"})
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "drift_agreement.foreign_value", origin="cp2")
    assert theatre.labels() == {ENFORCE: "baseline"}


def test_a_newer_foreign_value_over_a_write_that_had_landed_is_left_alone(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    proxy.plays = [lost_after_delivery]
    theatre.director.cues["observed:patch_labels"] = lambda entry: theatre.live({ENFORCE: "baseline"})
    theatre.submit()
    codes = ["drift_agreement.foreign_value", "retry_eligibility.reverted"]
    assert_escalated(theatre, theatre.run(), *codes, origin="cp2", writes=1)
    assert theatre.labels() == {**APPROVED, ENFORCE: "baseline"}


def test_a_write_that_had_landed_and_was_reverted_as_a_whole_is_not_repeated(
    theatre: Theatre, proxy: ApiServerProxy
) -> None:
    proxy.plays = [lost_after_delivery]
    theatre.director.cues["observed:patch_labels"] = lambda entry: theatre.live(REMOVED)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "retry_eligibility.written_since", origin="cp2", writes=1)
    assert packet["write_in_doubt"] is False
    assert theatre.labels() == {}


def test_a_marker_of_an_attempt_that_the_ledger_does_not_know_escalates(theatre: Theatre) -> None:
    def write_as_a_later_attempt(entry: Entry) -> None:
        body = {"metadata": {"labels": {"team": "payments"}}}
        marker = f"rbgate.{entry.run}.3"
        theatre.seeder.core.patch_namespace(theatre.namespace, body, field_manager=marker)

    theatre.director.cues["observed:patch_labels"] = write_as_a_later_attempt
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "retry_eligibility.ledger_behind", origin="cp2", writes=1)


# --- no answer twice ---


def spend_both_attempts(theatre: Theatre, proxy: ApiServerProxy) -> tuple[Held, Finished]:
    lost = Held()
    proxy.plays = [lost, lost]
    theatre.submit()
    return lost, theatre.run()


def test_two_lost_writes_escalate_with_the_command_that_kills_them(theatre: Theatre, proxy: ApiServerProxy) -> None:
    lost, finished = spend_both_attempts(theatre, proxy)
    packet = assert_escalated(theatre, finished, "retry_eligibility.budget_spent", origin="cp2")
    assert packet["write_in_doubt"] is True
    annotation = f"runbook-gate/superseded={finished.run}"
    assert packet["kill_command"] == f"kubectl annotate namespace {theatre.namespace} {annotation} --overwrite"
    assert packet["kill_command"] in theatre.packets()[0].with_suffix(".md").read_text()

    annotate(theatre, *annotation.split("="))
    assert lost.deliver() == [409, 409]
    assert theatre.labels() == {}


def test_a_lost_write_that_is_not_killed_may_land_after_the_escalation(theatre: Theatre, proxy: ApiServerProxy) -> None:
    lost, finished = spend_both_attempts(theatre, proxy)
    assert finished.outcome == "escalated"
    assert lost.deliver() == [200, 409]
    assert theatre.labels() == APPROVED


def annotate(theatre: Theatre, key: str, value: str) -> None:
    """What the packet's command does."""
    body = {"metadata": {"annotations": {key: value}}}
    theatre.seeder.core.patch_namespace(theatre.namespace, body)


# --- the process dies before it has recorded what became of its write ---


@pytest.mark.parametrize("landed", [False, True], ids=["before delivery", "after delivery"])
def test_a_write_of_a_process_that_was_killed_is_looked_at_before_another_one_goes(
    theatre: Theatre, proxy: ApiServerProxy, landed: bool
) -> None:
    def killed(deliver: Deliver) -> None:
        if landed:
            deliver()
        executor.kill()
        executor.wait(timeout=10)

    proxy.plays = [killed]
    theatre.submit()
    with start(theatre, "run", "task-1") as executor:
        executor.communicate(timeout=60)
    assert theatre.history().newest.kind == "intent"
    assert len(theatre.writes()) == landed

    let_the_lease_run_out(theatre)
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.director.seen[0] == "observed:resolve_write"
    assert writer(theatre) == ("attempt_1" if landed else "attempt_2")
    if not landed:
        assert theatre.way() == AFTER_ANOTHER_ATTEMPT
        assert reasons(theatre, "retry") == ["retry_eligibility.in_doubt"]
        assert settled_ms(theatre, intents(theatre)[0]) >= 10_000


def let_the_lease_run_out(theatre: Theatre) -> None:
    """What otherwise takes a minute."""
    with theatre.store() as store:
        held = store.runs.list()[-1]
        store.leases.release(Lease(held.id, held.lease, str(held.holder), held.lease_expires_ms))
