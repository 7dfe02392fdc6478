"""Tasks that are refused at intake, and what the ledger knows that stands against a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.ledger.tampering import tamper
from tests.scenarios.theatre import REMOVED, Theatre, assert_completed, assert_escalated

from runbook_gate.demo.stage import APPROVED, PREFIX, rfc3339
from runbook_gate.models.entry import Entry

OWNER = "Leah Moran"
DEFAULT_OWNER = "Platform Governance"


def approval(**fields: Any) -> dict[str, Any]:
    """A prequalification with other fields."""
    until = rfc3339(datetime.now(UTC) + timedelta(hours=8))
    return {"reference": "CHG-20431", "by": "platform-governance", "until": until, **fields}


# --- the runbook ---


@pytest.mark.parametrize("revision", ["MKS-PSA-Label-Restore-v1", "MKS-PSA-Label-Restore-v2"])
def test_task_contract_superseded(theatre: Theatre, revision: str) -> None:
    theatre.submit(runbook=revision, retry_budget=1)
    packet = assert_escalated(theatre, theatre.run(), "task_contract.superseded", origin="cp0")
    assert packet["owner"]["name"] == OWNER
    assert packet["runbook"] == revision
    [superseded] = packet["condition"]
    assert "MKS-PSA-Label-Restore-v3" in superseded["facts"].values()
    assert theatre.labels() == {}


@pytest.mark.parametrize("runbook", ["MKS-PSA-Label-Restore-v4", "MKS-Pod-Replace-v1"])
def test_gate_unknown_runbook(theatre: Theatre, runbook: str) -> None:
    theatre.submit(runbook=runbook)
    packet = assert_escalated(theatre, theatre.run(), "gate.unknown_runbook", origin="cp0")
    assert packet["owner"]["name"] == DEFAULT_OWNER
    assert theatre.labels() == {}


# --- who submitted and who prequalified ---


def test_task_contract_unlisted_submitter(theatre: Theatre) -> None:
    theatre.submit(submitter="somebody")
    packet = assert_escalated(theatre, theatre.run(), "task_contract.unlisted_submitter", origin="cp0")
    assert packet["owner"]["name"] == OWNER


def test_task_contract_unlisted_prequalifier(theatre: Theatre) -> None:
    theatre.submit(prequalification=approval(by="ci-platform"))
    assert_escalated(theatre, theatre.run(), "task_contract.unlisted_prequalifier", origin="cp0")


def test_task_contract_prequalification_past(theatre: Theatre) -> None:
    theatre.submit(prequalification=approval(until=rfc3339(datetime.now(UTC) - timedelta(seconds=1))))
    assert_escalated(theatre, theatre.run(), "task_contract.prequalification_past", origin="cp0")


def test_task_contract_prequalification_past_between_intake_and_cp1(theatre: Theatre) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)

    def wait(_entry: Entry) -> None:
        time.sleep(max((until - datetime.now(UTC)).total_seconds(), 0))

    theatre.director.cues["decided:cp0:proceed"] = wait
    theatre.submit(prequalification=approval(until=rfc3339(until)))
    assert_escalated(theatre, theatre.run(), "task_contract.prequalification_past", origin="cp1")


def test_task_contract_insufficient_assurance(theatre: Theatre) -> None:
    theatre.submit(assurance="none")
    assert_escalated(theatre, theatre.run(), "task_contract.insufficient_assurance", origin="cp0")


# --- what is asked for ---


@pytest.mark.parametrize("budget", [-1, 0, 1, 3])
def test_task_contract_budget_differs(theatre: Theatre, budget: int) -> None:
    theatre.submit(retry_budget=budget)
    assert_escalated(theatre, theatre.run(), "task_contract.budget_differs", origin="cp0")


ENFORCE = f"{PREFIX}enforce"
OTHER_KEYS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "five keys": lambda labels: {key: value for key, value in labels.items() if key != ENFORCE},
    "a seventh key": lambda labels: {**labels, "team": "settlement"},
    "a seventh key that is left out": lambda labels: {**labels, "team": None},
    "a key of another spelling": lambda labels: {key.replace("/warn", "/Warn"): v for key, v in labels.items()},
    "no key of the runbook": lambda _labels: {"team": "settlement"},
}


@pytest.mark.parametrize("other", OTHER_KEYS.values(), ids=OTHER_KEYS)
def test_task_contract_labels_malformed(theatre: Theatre, other: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    theatre.submit(labels=other(dict(APPROVED)))
    assert_escalated(theatre, theatre.run(), "task_contract.labels_malformed", origin="cp0")
    assert theatre.labels() == {}


@pytest.mark.parametrize("other", OTHER_KEYS.values(), ids=OTHER_KEYS)
def test_task_contract_drift_malformed(theatre: Theatre, other: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    theatre.submit(drift={"namespace_uid": theatre.target.uid, "labels": other(dict(REMOVED))})
    assert_escalated(theatre, theatre.run(), "task_contract.drift_malformed", origin="cp0")


def test_every_reason_against_a_task_is_told_at_once(theatre: Theatre) -> None:
    theatre.submit(
        submitter="somebody", retry_budget=3, prequalification=approval(by="ci-platform", until="2020-01-01T00:00:00Z")
    )
    codes = ["budget_differs", "prequalification_past", "unlisted_prequalifier", "unlisted_submitter"]
    assert_escalated(theatre, theatre.run(), *(f"task_contract.{code}" for code in codes), origin="cp0")


# --- what happened to the target before ---


def an_escalation(theatre: Theatre, task_id: str) -> str:
    """A task on the target that is escalated, for a reason that is over afterwards."""
    theatre.files["platform_exceptions"].rename(theatre.folder / "aside")
    finished = theatre.run(theatre.submit(task_id))
    (theatre.folder / "aside").rename(theatre.files["platform_exceptions"])
    assert finished.packet is not None
    return finished.packet


def acknowledge(theatre: Theatre, packet: str) -> None:
    with theatre.store() as store:
        store.escalations.acknowledge(packet, actor="leah.moran", note="taken over")


def test_target_clear_unacknowledged_escalation_until_each_is_acknowledged(theatre: Theatre) -> None:
    first = an_escalation(theatre, "task-1")
    second = theatre.run(theatre.submit("task-2"))
    packet = assert_escalated(theatre, second, "target_clear.unacknowledged_escalation", origin="cp0")
    named = [one["id"] for denial in packet["condition"] for fact in denial["facts"].values() for one in fact]
    assert named == [first]

    acknowledge(theatre, first)
    third = theatre.run(theatre.submit("task-3"))
    packet = assert_escalated(theatre, third, "target_clear.unacknowledged_escalation", origin="cp0")
    named = [one["id"] for denial in packet["condition"] for fact in denial["facts"].values() for one in fact]
    assert named == [second.packet]

    for left in (str(second.packet), str(third.packet)):
        acknowledge(theatre, left)
    assert theatre.run(theatre.submit("task-4")).outcome == "complete"
    assert len(theatre.writes()) == 1


def test_target_clear_unacknowledged_escalation_is_over_when_it_is_resolved(theatre: Theatre) -> None:
    with theatre.store() as store:
        packet = an_escalation(theatre, "task-1")
        store.escalations.resolve(packet, actor="leah.moran", note="mended")
    theatre.submit("task-2")
    assert theatre.plan("task-2").next.action == "patch_labels"


def test_an_escalation_on_another_target_does_not_stand_in_the_way(theatre: Theatre) -> None:
    theatre.run(theatre.submit("task-1", namespace="payments-other"))
    theatre.submit("task-2")
    assert theatre.plan("task-2").next.action == "patch_labels"


def pause(theatre: Theatre) -> Callable[[Entry | None], None]:
    """A cue: somebody pauses the executor."""

    def cue(_entry: Entry | None) -> None:
        with theatre.store() as store:
            store.pauses.pause("change freeze", actor="leah.moran")

    return cue


def test_target_clear_paused_before_the_run(theatre: Theatre) -> None:
    pause(theatre)(None)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "target_clear.paused", origin="cp0")
    reasons = [fact["reason"] for denial in packet["condition"] for fact in denial["facts"].values()]
    assert reasons == ["change freeze"]


def test_target_clear_paused_between_intake_and_cp1(theatre: Theatre) -> None:
    theatre.director.cues["decided:cp0:proceed"] = pause(theatre)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "target_clear.paused", origin="cp1")


def test_target_clear_paused_between_the_attempts(theatre: Theatre) -> None:
    theatre.director.cues["intended"] = lambda _entry: theatre.live({"team": "settlement"})
    theatre.director.cues["decided:cp2:retry"] = pause(theatre)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "target_clear.paused", origin="cp1", writes=1)
    assert theatre.labels() == {"team": "settlement"}


def test_a_pause_that_is_over_does_not_stand_in_the_way(theatre: Theatre) -> None:
    pause(theatre)(None)
    with theatre.store() as store:
        store.pauses.unpause(actor="leah.moran")
    theatre.submit()
    assert theatre.plan().next.action == "patch_labels"


def test_a_pause_after_the_write_does_not_keep_the_run_from_being_verified(theatre: Theatre) -> None:
    theatre.director.cues["observed:patch_labels"] = pause(theatre)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)


TAMPERED = {
    "an entry says something else": (
        "UPDATE entries SET data = CAST(replace(data, 'restricted', 'privileged') AS BLOB)"
        " WHERE run = ? AND kind = 'opened'"
    ),
    "an entry is gone": "DELETE FROM entries WHERE run = ? AND seq = 2",
    "the newest entry is gone": "DELETE FROM entries WHERE run = ? AND kind = 'escalated'",
    "the index says that the run completed": "UPDATE runs SET state = 'complete' WHERE id = ?",
    "the index has another head": "UPDATE runs SET head = upper(head) WHERE id = ?",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_target_clear_chain_broken_of_the_previous_run(theatre: Theatre, statement: str) -> None:
    acknowledge(theatre, an_escalation(theatre, "task-1"))
    with theatre.store() as store:
        [previous] = store.runs.list()
    tamper(theatre.settings.store, statement, previous.id)
    finished = theatre.run(theatre.submit("task-2"))
    ended = theatre.history(finished.run).newest
    assert (ended.kind, ended.body["origin"]) == ("escalated", "cp0")
    assert ended.body["codes"] == ["target_clear.chain_broken"]
    assert theatre.writes() == []
    assert str(finished.packet) in [path.stem for path in theatre.packets()]
    with theatre.store() as store:
        assert store.verify(run=finished.run).result == "chain consistent"
        assert not store.verify().consistent


def test_target_clear_chain_broken_between_intake_and_cp1(theatre: Theatre) -> None:
    acknowledge(theatre, an_escalation(theatre, "task-1"))
    previous = theatre.history().newest.run
    statement = TAMPERED["an entry is gone"]
    theatre.director.cues = {"decided:cp0:proceed": lambda _entry: tamper(theatre.settings.store, statement, previous)}
    finished = theatre.run(theatre.submit("task-2"))
    ended = theatre.history(finished.run).newest
    assert (ended.body["origin"], ended.body["codes"]) == ("cp1", ["target_clear.chain_broken"])
    assert theatre.writes() == []


def test_a_broken_chain_of_another_target_does_not_stand_in_the_way(theatre: Theatre) -> None:
    other = theatre.run(theatre.submit("task-1", namespace="payments-other"))
    tamper(theatre.settings.store, "DELETE FROM entries WHERE run = ? AND seq = 2", other.run)
    theatre.submit("task-2")
    assert theatre.plan("task-2").next.action == "patch_labels"


def test_register_agreement_and_waiver_absence_wrong_scope_for_a_task_of_another_cluster(theatre: Theatre) -> None:
    theatre.submit(cluster_id="mks-us-east-1-prod-04")
    scopes = ["register_agreement.wrong_scope", "waiver_absence.wrong_scope"]
    assert_escalated(theatre, theatre.run(), *scopes, "register_agreement.no_record", origin="cp1")
