"""Runs that complete. What each writes, and what its completion record says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.demo.stage import APPROVED, PREFIX, REMOVED
from runbook_gate.models.entry import Entry

ENFORCE, ENFORCE_VERSION, WARN = f"{PREFIX}enforce", f"{PREFIX}enforce-version", f"{PREFIX}warn"
STRAIGHT = ["cp0 proceed", "cp1 proceed", "cp2 proceed", "cp3 wait", "cp3 proceed", "cp4 complete"]


def record(theatre: Theatre) -> dict[str, Any]:
    """What the completion record says was verified."""
    found: dict[str, Any] = theatre.history().newest.body["record"]
    return found


def statuses(theatre: Theatre) -> list[int]:
    """The API server's answers to the executor's writes."""
    return [event["responseStatus"]["code"] for event in theatre.writes()]


def tuple_of(**values: str | None) -> dict[str, str | None]:
    """An approved tuple by short keys; each that is not named is left out."""
    return {**REMOVED, **{PREFIX + key.replace("_", "-"): value for key, value in values.items()}}


# --- all six labels removed ---


def test_all_six_labels_removed(theatre: Theatre) -> None:
    """Two rounds (`verification_reconciliation.too_few_rounds`), then cp4 (`restoration`, `lineage`)."""
    theatre.submit()
    finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert theatre.asked() == STRAIGHT
    assert [list(entry.body["codes"]) for entry in theatre.history().decisions() if entry.body["codes"]] == [
        ["verification_reconciliation.too_few_rounds"]
    ]


def test_the_completion_says_what_was_verified_and_how(theatre: Theatre) -> None:
    theatre.submit()
    finished = theatre.run()
    found = json.loads(finished.record)
    rounds = list(theatre.history().observations("verify", step="restore"))
    assert found["verified"] == record(theatre)
    assert found["verified"] == {
        "verified_ms": rounds[-1].at_ms,
        "resource_version": theatre.seeder.core.read_namespace(theatre.namespace).metadata.resource_version,
        "servers": "sampled",
        "endpoints": ["default"],
        "writer": "attempt_1",
        "audit": "shown",
        "limits": ["exemptions of other users and runtime classes are invisible to the probes"],
    }
    assert (found["task"], found["run"], found["attempts"]) == ("task-1", finished.run, 1)
    assert found["ledger_head"] == theatre.history().newest.sha256 == finished.head
    assert rounds[1].boottime_ms - rounds[0].boottime_ms >= 5_000


def test_every_act_stands_between_its_decision_and_its_observation(theatre: Theatre) -> None:
    theatre.submit()
    theatre.run()
    history = theatre.history()
    told = [entry.body["effect"] if entry.kind == "observation" else entry.kind for entry in history.entries]
    assert " ".join(told) == (
        "opened decision gather decision intent patch_labels resolve_write "
        "decision verify decision verify decision gather decision completed"
    )
    (intent,) = [entry for entry in history.entries if entry.kind == "intent"]
    (write,) = theatre.writes()
    assert write["auditID"] == intent.sha256
    assert write["requestObject"]["metadata"] == {
        "uid": intent.body["uid"],
        "resourceVersion": intent.body["resource_version"],
        "labels": dict(APPROVED),
    }
    with theatre.store() as store:
        assert store.verify().result == "chain consistent"


def test_heads_leave_the_host_at_opening_at_the_intent_and_at_the_end(theatre: Theatre, tmp_path: Path) -> None:
    heads = tmp_path / "heads"
    theatre.submit()
    theatre.run(heads_file=heads)
    published = [line.split()[1:] for line in heads.read_text(encoding="ascii").splitlines()]
    assert published == [
        [entry.run, str(entry.seq), entry.sha256]
        for entry in theatre.history().entries
        if entry.kind in {"opened", "intent", "completed"}
    ]


# --- less, or something else, to repair ---


@pytest.mark.parametrize(
    "missing",
    [[WARN], [ENFORCE, ENFORCE_VERSION], [key for key in APPROVED if key != ENFORCE]],
    ids=["one", "two", "five"],
)
def test_some_labels_removed(theatre: Theatre, missing: list[str]) -> None:
    """`drift_agreement`: a label that has its approved value already is as good as a removed one."""
    theatre.live({key: value for key, value in APPROVED.items() if key not in missing})
    theatre.state(drift={**APPROVED, **dict.fromkeys(missing)})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert record(theatre)["writer"] == "attempt_1"


def test_some_labels_that_were_prequalified_as_removed_are_back(theatre: Theatre) -> None:
    """`drift_agreement`: each label is looked at by itself."""
    theatre.live({ENFORCE: "restricted", ENFORCE_VERSION: "v1.31"})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)


@pytest.mark.parametrize(
    "wrong",
    [{ENFORCE: "baseline"}, {ENFORCE_VERSION: "v1.25", WARN: "privileged"}],
    ids=["a weaker level", "an older version and no warning"],
)
def test_a_wrong_value_that_the_drift_record_names(theatre: Theatre, wrong: dict[str, str]) -> None:
    """`drift_agreement.foreign_value`: not foreign, because it was prequalified."""
    theatre.live(wrong)
    theatre.state(drift={**REMOVED, **wrong})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)


def test_a_stored_value_that_no_api_server_accepts_any_more(theatre: Theatre) -> None:
    """All six labels go in one PATCH, because one that leaves an invalid value is refused."""
    body = {"metadata": {"labels": {ENFORCE: "bogus", WARN: "Restricted"}}}
    theatre.seeder.core.patch_namespace_status(theatre.namespace, body, _content_type="application/merge-patch+json")
    theatre.state(drift={**REMOVED, ENFORCE: "bogus", WARN: "Restricted"})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)


@pytest.mark.parametrize("key", APPROVED)
def test_a_label_that_the_approved_tuple_leaves_out_is_removed(theatre: Theatre, key: str) -> None:
    """The PATCH carries null for it, and the probes expect what Pod Security makes of its absence."""
    value = "v1.30" if key.endswith("version") else "baseline"
    theatre.live({key: value})
    theatre.state(labels={**APPROVED, key: None}, drift={**REMOVED, key: value})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert key not in theatre.labels()
    (write,) = theatre.writes()
    assert write["requestObject"]["metadata"]["labels"] == {**APPROVED, key: None}


# What Pod Security makes of each is told by probes alone: levels, pinned versions, absence, and warn after enforce.
TUPLES: Mapping[str, Mapping[str, str | None]] = {
    "three levels, three versions": tuple_of(
        enforce="baseline", enforce_version="v1.30", audit="restricted", audit_version="v1.34", warn="restricted"
    ),
    "enforce alone": tuple_of(enforce="restricted", enforce_version="v1.32"),
    "privileged on purpose": tuple_of(enforce="privileged", audit="baseline", warn="restricted"),
    "enforced without a warning": tuple_of(enforce="restricted", audit="privileged", warn="privileged"),
    "a version that is newer than the server": tuple_of(enforce="restricted", enforce_version="v1.99"),
}


@pytest.mark.parametrize("approved", TUPLES.values(), ids=TUPLES)
def test_other_approved_tuples(theatre: Theatre, approved: Mapping[str, str | None]) -> None:
    """`facts.levels`: the expected level and version of each mode come from the tuple."""
    theatre.live({ENFORCE: "restricted", WARN: "baseline"})
    theatre.state(labels=approved, drift={**REMOVED, ENFORCE: "restricted", WARN: "baseline"})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)


# --- the labels are right already ---


def test_labels_that_are_right_already_are_verified_and_not_written(theatre: Theatre) -> None:
    """`actions.patch_labels` is undefined then; cp2 and verification are asked all the same."""
    theatre.live(APPROVED)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=0)
    assert theatre.asked() == STRAIGHT
    assert record(theatre)["writer"] == "none"
    assert record(theatre)["audit"] == "inferred"
    assert not [entry for entry in theatre.history().entries if entry.kind == "intent"]


def test_labels_that_somebody_else_puts_right_before_our_write_lands(theatre: Theatre) -> None:
    """`retry_eligibility` looks at the state first: no second attempt, and the writer is named."""
    theatre.director.cues["intended"] = lambda entry: theatre.live(APPROVED)
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert statuses(theatre) == [409]
    assert theatre.asked() == STRAIGHT
    assert record(theatre)["writer"] == "other"


# --- one conflict ---


def test_one_conflict_by_an_unrelated_label(theatre: Theatre) -> None:
    """`retry_eligibility.conflict` lets one more attempt go, after cp1 was asked again with fresh facts."""
    theatre.director.cues["intended"] = lambda entry: theatre.live({"team": "settlement"})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=2)
    assert statuses(theatre) == [409, 200]
    assert theatre.asked() == [
        "cp0 proceed",
        "cp1 proceed",
        "cp2 retry",
        "cp1 proceed",
        "cp2 proceed",
        "cp3 wait",
        "cp3 proceed",
        "cp4 complete",
    ]
    assert theatre.labels()["team"] == "settlement"
    assert record(theatre)["writer"] == "attempt_2"


def test_the_second_attempt_goes_on_facts_that_are_newer_than_the_first(theatre: Theatre) -> None:
    """`attempt_order`: the facts of the first attempt do not do for the second."""
    theatre.director.cues["intended"] = lambda entry: theatre.live({"team": "settlement"})
    theatre.submit()
    theatre.run()
    entries = theatre.history().entries
    first, second = (entry for entry in entries if entry.kind == "intent")
    gathered = [entry.seq for entry in theatre.history().observations("gather", step="restore")]
    assert [seq for seq in gathered if first.seq < seq < second.seq]
    assert first.body["uid"] == second.body["uid"]
    assert first.body["resource_version"] != second.body["resource_version"]
    (retry,) = (entry for entry in theatre.history().decisions() if entry.body["verdict"] == "retry")
    assert retry.body["codes"] == ["retry_eligibility.conflict"]


@pytest.mark.parametrize("moment", ["decided:cp2:proceed", "observed:verify", "decided:cp3:proceed"])
def test_an_unrelated_label_that_changes_after_the_write_is_nobodys_business(theatre: Theatre, moment: str) -> None:
    """`restoration` and `verification_reconciliation` look at the six labels only."""

    def change(_entry: Entry) -> None:
        theatre.live({"team": "settlement"})

    theatre.director.cues[moment] = change
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.labels()["team"] == "settlement"
