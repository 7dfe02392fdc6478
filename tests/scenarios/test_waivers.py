"""A waiver that may cover the target and is not shown to be closed stops the run, before, between and after writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, rfc3339
from runbook_gate.models.entry import Entry

OPEN = "waiver_absence.open_waiver"


def waiver(theatre: Theatre, **fields: Any) -> dict[str, Any]:
    """An open waiver of the target; a field that is None is left out."""
    said = {
        "id": "EXC-311",
        "status": "open",
        "expiry": rfc3339(datetime.now(UTC) + timedelta(days=30)),
        "scope": {"cluster_id": CLUSTER_ID, "namespace": theatre.namespace},
        **fields,
    }
    return {name: value for name, value in said.items() if value is not None}


def granted(theatre: Theatre, **fields: Any) -> Callable[[Entry], None]:
    """A cue: the waiver is entered into the register now."""
    return lambda _entry: theatre.state(waivers=(waiver(theatre, **fields),))


def unrelated_label(theatre: Theatre) -> Callable[[Entry], None]:
    """A cue: somebody sets another label, so that the write that is about to be sent meets a conflict."""
    return lambda _entry: theatre.live({"team": "settlement"})


# --- when ---


def test_waiver_absence_open_waiver_before_the_first_write(theatre: Theatre) -> None:
    theatre.state(waivers=(waiver(theatre),))
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")
    assert packet["written"] == "Nothing was written."
    assert packet["live"]["restored"] is False
    assert theatre.labels() == {}


def test_waiver_absence_open_waiver_that_appears_between_intake_and_the_first_gather(theatre: Theatre) -> None:
    theatre.director.cues["decided:cp0:proceed"] = granted(theatre)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")
    assert theatre.asked() == ["cp0 proceed", "cp1 escalate"]


def test_waiver_absence_open_waiver_that_appears_between_the_attempts(theatre: Theatre) -> None:
    theatre.director.cues["intended"] = unrelated_label(theatre)
    theatre.director.cues["observed:patch_labels"] = granted(theatre)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), OPEN, origin="cp1", writes=1)
    assert theatre.asked()[-2:] == ["cp2 retry", "cp1 escalate"]
    assert [one["responseStatus"]["code"] for one in theatre.writes()] == [409]
    assert [(one["outcome"], one["retry_reason"]) for one in packet["attempts"]] == [
        ("409", ["retry_eligibility.conflict"])
    ]
    assert theatre.labels() == {"team": "settlement"}


def test_waiver_absence_open_waiver_that_appears_between_the_write_and_cp4(theatre: Theatre) -> None:
    theatre.director.cues["observed:patch_labels"] = granted(theatre)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), OPEN, origin="cp4", writes=1)
    assert packet["live"]["restored"] is True
    assert not any(label["differs"] for label in packet["live"]["labels"])
    assert packet["write_in_doubt"] is False
    assert theatre.labels() == APPROVED


# --- what it covers ---


SCOPES: dict[str, Callable[[str], Any]] = {
    "every cluster": lambda namespace: {"cluster_id": "*", "namespace": namespace},
    "clusters by prefix": lambda namespace: {"cluster_id": "mks-us-east-1-*", "namespace": namespace},
    "every namespace": lambda _namespace: {"cluster_id": CLUSTER_ID, "namespace": "*"},
    "namespaces by prefix": lambda _namespace: {"cluster_id": CLUSTER_ID, "namespace": "payments-*"},
    "namespaces of other teams by prefix": lambda _namespace: {"cluster_id": CLUSTER_ID, "namespace": "orders-*"},
    "everything": lambda _namespace: {"cluster_id": "*", "namespace": "*"},
    "the whole cluster": lambda _namespace: {"cluster_id": CLUSTER_ID},
    "the namespace on any cluster": lambda namespace: {"namespace": namespace},
    "another spelling of the namespace": lambda namespace: {"cluster_id": CLUSTER_ID, "namespace": namespace.upper()},
    "a list of namespaces": lambda _namespace: {"cluster_id": CLUSTER_ID, "namespace": ["payments-other"]},
    "an expression": lambda _namespace: {"cluster_id": CLUSTER_ID, "namespace": "payments-(other|new)"},
    "a label selector": lambda _namespace: {"cluster_id": CLUSTER_ID, "selector": {"team": "settlement"}},
    "an empty scope": lambda _namespace: {},
    "a scope in one word": lambda namespace: f"{CLUSTER_ID}/{namespace}",
    "no scope": lambda _namespace: None,
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_waiver_absence_open_waiver_that_is_not_literally_elsewhere(
    theatre: Theatre, scope: Callable[[str], Any]
) -> None:
    theatre.state(waivers=(waiver(theatre, scope=scope(theatre.namespace)),))
    theatre.submit()
    assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")


def test_waiver_absence_open_waiver_that_is_no_mapping(theatre: Theatre) -> None:
    theatre.register("platform_exceptions", lambda answer: answer.update(records=["EXC-311"], total=1))
    theatre.submit()
    assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")


# --- where it stands ---


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": "pending"}, id="pending"),
        pytest.param({"status": "suspended"}, id="a status that the runbook does not know"),
        pytest.param({"status": "Closed"}, id="closed in another spelling"),
        pytest.param({"status": "closed "}, id="closed with a blank"),
        pytest.param({"status": ["closed"]}, id="closed in a list"),
        pytest.param({"status": ""}, id="an empty status"),
        pytest.param({"status": None}, id="no status"),
        pytest.param({"expiry": "2020-01-01T00:00:00Z"}, id="open past its expiry"),
        pytest.param({"status": "approved", "expiry": "2020-01-01T00:00:00Z"}, id="unknown past its expiry"),
        pytest.param({"expiry": None}, id="open without expiry"),
        pytest.param({"id": None}, id="open without id"),
    ],
)
def test_waiver_absence_open_waiver_that_is_not_shown_to_be_closed(theatre: Theatre, fields: dict[str, Any]) -> None:
    theatre.state(waivers=(waiver(theatre, **fields),))
    theatre.submit()
    assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")


def test_waiver_absence_open_waiver_among_closed_ones(theatre: Theatre) -> None:
    closed = (waiver(theatre, id=f"EXC-{number}", status="closed") for number in range(3))
    theatre.state(waivers=(*closed, waiver(theatre), waiver(theatre, id="EXC-400", status="revoked")))
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")
    facts = [fact for denial in packet["condition"] for fact in denial["facts"].items()]
    assert [value for path, value in facts if path.endswith("].id")] == ["EXC-311"]


# --- what does not stop the run ---


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"cluster_id": CLUSTER_ID, "namespace": "payments-other"}, id="of another namespace"),
        pytest.param({"cluster_id": "mks-other", "namespace": "*"}, id="of another cluster"),
        pytest.param({"cluster_id": "mks-other"}, id="of another cluster as a whole"),
    ],
)
def test_an_open_waiver_elsewhere_lets_cp1_pass(theatre: Theatre, scope: dict[str, str]) -> None:
    theatre.state(waivers=(waiver(theatre, scope=scope),))
    theatre.submit()
    decided = theatre.plan()
    assert (decided.verdict, decided.next.action, decided.denials) == ("proceed", "patch_labels", [])


@pytest.mark.parametrize("status", ["closed", "revoked"])
def test_a_waiver_that_is_over_lets_cp1_pass(theatre: Theatre, status: str) -> None:
    theatre.state(waivers=(waiver(theatre, status=status), waiver(theatre, id="EXC-312", status=status, scope=None)))
    theatre.submit()
    decided = theatre.plan()
    assert (decided.verdict, decided.next.action, decided.denials) == ("proceed", "patch_labels", [])


def test_a_run_completes_beside_closed_waivers_and_open_ones_elsewhere(theatre: Theatre) -> None:
    elsewhere = {"cluster_id": CLUSTER_ID, "namespace": "payments-other"}
    theatre.state(waivers=(waiver(theatre, status="revoked"), waiver(theatre, id="EXC-312", scope=elsewhere)))
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
