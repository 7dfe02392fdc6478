"""A live label that is neither what was prequalified nor what is approved may be somebody's newer decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from tests.scenarios.theatre import REMOVED, Theatre, assert_completed, assert_escalated

from runbook_gate.demo.stage import APPROVED, PREFIX
from runbook_gate.models.entry import Entry

FOREIGN = "drift_agreement.foreign_value"
LABELS = {f"{PREFIX}enforce": "baseline", f"{PREFIX}enforce-version": "v1.30"}


def sets(theatre: Theatre, labels: Mapping[str, str | None]) -> Callable[[Entry], None]:
    """A cue: somebody sets labels."""
    return lambda _entry: theatre.live(labels)


def live_past_validation(theatre: Theatre, labels: Mapping[str, str]) -> None:
    """Set values that Pod Security would refuse, through the status subresource, which does not ask it."""
    body = {"metadata": {"labels": dict(labels)}}
    theatre.seeder.core.patch_namespace_status(theatre.namespace, body, _content_type="application/merge-patch+json")


def live_as(theatre: Theatre, manager: str, labels: Mapping[str, str]) -> None:
    """Set labels as a controller does: by server-side apply, so that it owns them."""
    theatre.seeder.core.patch_namespace(
        theatre.namespace,
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": dict(labels)}},
        field_manager=manager,
        _content_type="application/apply-patch+yaml",
    )


# --- before the first attempt ---


@pytest.mark.parametrize("key", APPROVED)
def test_drift_agreement_foreign_value_of_each_label(theatre: Theatre, key: str) -> None:
    foreign = "v1.30" if key.endswith("version") else "baseline"
    theatre.live({key: foreign})
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")
    assert theatre.labels() == {key: foreign}
    differing = {label["key"]: (label["approved"], label["live"]) for label in packet["live"]["labels"]}
    assert differing[key] == (APPROVED[key], foreign)
    facts = [path for denial in packet["condition"] for path in denial["facts"]]
    assert f'input.observed.gather.body.last.object.labels["{key}"]' in facts


def test_drift_agreement_foreign_value_beside_five_approved_ones(theatre: Theatre) -> None:
    labels = {**APPROVED, f"{PREFIX}warn": "baseline"}
    theatre.live(labels)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")
    assert theatre.labels() == labels


def test_drift_agreement_foreign_value_where_another_wrong_value_was_prequalified(theatre: Theatre) -> None:
    theatre.state(drift={**REMOVED, f"{PREFIX}enforce": "privileged"})
    theatre.live({f"{PREFIX}enforce": "baseline"})
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")


def test_drift_agreement_foreign_value_where_a_prequalified_wrong_value_is_gone(theatre: Theatre) -> None:
    theatre.state(drift={**REMOVED, f"{PREFIX}enforce": "privileged"})
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")


def test_drift_agreement_foreign_value_where_the_tuple_leaves_the_label_out(theatre: Theatre) -> None:
    theatre.state(labels={**APPROVED, f"{PREFIX}audit-version": None})
    theatre.live({f"{PREFIX}audit-version": "v1.31"})
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")


@pytest.mark.parametrize("value", ["Restricted", "restricted.1", ""], ids=["another case", "longer", "empty"])
def test_drift_agreement_foreign_value_that_pod_security_would_refuse(theatre: Theatre, value: str) -> None:
    live_past_validation(theatre, {f"{PREFIX}enforce": value})
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")
    assert theatre.labels() == {f"{PREFIX}enforce": value}


def test_drift_agreement_foreign_value_that_appears_between_intake_and_the_first_gather(theatre: Theatre) -> None:
    theatre.director.cues["decided:cp0:proceed"] = sets(theatre, LABELS)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1")
    assert theatre.labels() == LABELS


# --- after a conflict ---


def test_drift_agreement_foreign_value_that_made_the_conflict(theatre: Theatre) -> None:
    theatre.director.cues["intended"] = sets(theatre, LABELS)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp2", writes=1)
    assert [one["responseStatus"]["code"] for one in theatre.writes()] == [409]
    assert packet["attempts"][0]["outcome"] == "409"
    assert theatre.labels() == LABELS


def test_drift_agreement_foreign_value_that_comes_between_the_conflict_and_the_look_at_it(theatre: Theatre) -> None:
    theatre.director.cues["intended"] = sets(theatre, {"team": "settlement"})
    theatre.director.cues["observed:patch_labels"] = sets(theatre, LABELS)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp2", writes=1)
    assert theatre.labels() == {**LABELS, "team": "settlement"}


def test_drift_agreement_foreign_value_that_comes_after_the_decision_to_try_again(theatre: Theatre) -> None:
    theatre.director.cues["intended"] = sets(theatre, {"team": "settlement"})
    theatre.director.cues["decided:cp2:retry"] = sets(theatre, LABELS)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), FOREIGN, origin="cp1", writes=1)
    assert theatre.asked()[-2:] == ["cp2 retry", "cp1 escalate"]
    assert theatre.labels() == {**LABELS, "team": "settlement"}


def test_drift_agreement_foreign_value_right_after_the_write_is_kept(theatre: Theatre) -> None:
    theatre.director.cues["observed:patch_labels"] = sets(theatre, LABELS)
    theatre.submit()
    codes = [FOREIGN, "retry_eligibility.reverted"]
    assert_escalated(theatre, theatre.run(), *codes, origin="cp2", writes=1)
    assert theatre.labels() == {**APPROVED, **LABELS}


# --- who else manages the labels ---


RECONCILERS = ["argocd-application-controller", "argocd-controller", "helm-controller", "kustomize-controller"]


@pytest.mark.parametrize("manager", RECONCILERS)
def test_drift_agreement_managed_elsewhere_by_a_reconciler(theatre: Theatre, manager: str) -> None:
    theatre.state(drift={**REMOVED, f"{PREFIX}enforce": "baseline"})
    live_as(theatre, manager, {f"{PREFIX}enforce": "baseline"})
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "drift_agreement.managed_elsewhere", origin="cp1")
    assert [manager] in [fact for denial in packet["condition"] for fact in denial["facts"].values()]
    assert theatre.labels() == {f"{PREFIX}enforce": "baseline"}


def test_drift_agreement_managed_elsewhere_by_a_reconciler_beside_another_manager(theatre: Theatre) -> None:
    theatre.state(drift={**REMOVED, f"{PREFIX}enforce": "baseline", f"{PREFIX}warn": "baseline"})
    theatre.live({f"{PREFIX}warn": "baseline"})
    live_as(theatre, "helm-controller", {f"{PREFIX}enforce": "baseline"})
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "drift_agreement.managed_elsewhere", origin="cp1")


def test_a_reconciler_of_other_labels_lets_cp1_pass(theatre: Theatre) -> None:
    live_as(theatre, "argocd-controller", {"app.kubernetes.io/part-of": "payments"})
    theatre.submit()
    assert theatre.plan().next.action == "patch_labels"


def test_a_manager_that_is_no_reconciler_lets_cp1_pass(theatre: Theatre) -> None:
    theatre.state(drift={**REMOVED, f"{PREFIX}enforce": "baseline"})
    live_as(theatre, "kubectl", {f"{PREFIX}enforce": "baseline"})
    theatre.submit()
    assert theatre.plan().next.action == "patch_labels"


def test_a_reconciler_that_has_the_tuple_already_is_not_in_the_way(theatre: Theatre) -> None:
    live_as(theatre, "argocd-controller", {key: str(value) for key, value in APPROVED.items()})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=0)
