"""A gate that asks for something outside the fence: nothing is done, and the run stays resumable.

Most of these policies are real bundles in a real OPA, each the shipped one with a change: the work of somebody who
replaced the policy and `--bundle` with it. The executor is not talked into anything by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.apiserver_proxy import ApiServerProxy, lost_before_delivery
from tests.scenarios.bundles import Changes, edited, served
from tests.scenarios.deadlines import prequalified_for
from tests.scenarios.stand_in_opa import Alteration, Ask, Reply, StandInOpa
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.configuration import Cluster, Opa
from runbook_gate.demo.stage import APPROVED, PREFIX
from runbook_gate.errors import NoDecision
from runbook_gate.gate.sidecar import Sidecar

PATCH, GATHER = "actions/patch_labels/patch_labels.rego", "actions/gather/gather.rego"
RESOLVE, VERIFY = "actions/resolve_write/resolve_write.rego", "actions/verify/verify.rego"
MANIFESTS, ATTEMPTS = "facts/manifests/manifests.rego", "facts/attempts/attempts.rego"
RUNBOOK, CONTRACT = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml", "checks/task_contract/task_contract.rego"

NAMESPACE = '"namespace": given.task.namespace,'
LABELS = '"labels": {key: given.task.labels[key] | some key in given.runbook.label_keys},'
VERSION = '"resource_version": _last.object.resource_version,'
KEYS = '"label_keys": given.runbook.label_keys,'
UID = '"uid": _last.object.uid,'
NOT_AFTER = '"not_after_ms": min([input.now_ms + given.runbook.limits_ms.go, input.opened.body.deadline_ms]),'
SINCE_EARLIER = '"since_ms": attempts.since_ms - given.runbook.limits_ms.skew,'
AUDIT_IDS, SINCE = '"audit_ids": attempts.audit_ids,', '"since_ms": attempts.since_ms,'
MISSING = '"audit_ids": _missing,'
METADATA = "_metadata := {"
EFFECTS = "effects: {gather: read, patch_labels: write, resolve_write: read, verify: round}"


def labels_with(more: str) -> str:
    approved = LABELS.removeprefix('"labels": ').removesuffix(",")
    return f'"labels": object.union({approved}, {{{more}}}),'


# --- the write that is asked for at cp1 ---

WRITES: dict[str, tuple[Changes, str]] = {
    "another value": ({PATCH: [(LABELS, labels_with(f'"{PREFIX}enforce": "privileged"'))]}, "labels"),
    "a removed label": ({PATCH: [(LABELS, labels_with(f'"{PREFIX}enforce": null'))]}, "labels"),
    "a seventh label": ({PATCH: [(LABELS, labels_with(f'"{PREFIX}exempt": "true"'))]}, "labels"),
    "a label that is not Pod Security's": ({PATCH: [(LABELS, labels_with('"team": "attackers"'))]}, "labels"),
    "a missing label": (
        {PATCH: [(LABELS, LABELS.replace("label_keys}", f'label_keys; key != "{PREFIX}warn"}}'))]},
        "labels",
    ),
    "another namespace": ({PATCH: [(NAMESPACE, '"namespace": "kube-system",')]}, "namespace"),
    "another uid": ({PATCH: [(UID, '"uid": "0c7b3c2e-52a5-4d7e-9a0c-6f2a3f6f2c11",')]}, "uid"),
    "no uid": ({PATCH: [(UID, '"uid": "",')]}, "uid"),
    "another resourceVersion": ({PATCH: [(VERSION, '"resource_version": "1",')]}, "resource_version"),
    "no resourceVersion": ({PATCH: [(VERSION, '"resource_version": "",')]}, "resource_version"),
    "a resourceVersion that is null": ({PATCH: [(VERSION, '"resource_version": null,')]}, "params"),
    "a parameter too many": ({PATCH: [(UID, f'{UID}\n\t"force": true,')]}, "params"),
    "a moment that is past": ({PATCH: [(NOT_AFTER, '"not_after_ms": input.now_ms - 1,')]}, "too_late"),
    "a moment far in the future": ({PATCH: [(NOT_AFTER, '"not_after_ms": input.now_ms + 60000,')]}, "too_early"),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_policy_that_asks_to_write(theatre: Theatre, opa_binary: Path, what: str) -> None:
    changes, code = WRITES[what]
    theatre.submit()
    refuse(theatre, opa_binary, changes, f"fence.{code}", at="cp1")
    assert theatre.labels() == {}
    assert_the_shipped_policy_completes(theatre, writes=1)


def test_a_policy_that_asks_to_write_after_the_deadline_of_the_run(theatre: Theatre, opa_binary: Path) -> None:
    theatre.submit(**prequalified_for(28))
    changes: Changes = {PATCH: [(NOT_AFTER, '"not_after_ms": input.now_ms + 29500,')]}
    refuse(theatre, opa_binary, changes, "fence.deadline", at="cp1")
    assert_the_shipped_policy_completes(theatre, writes=1)


OPENINGS: dict[str, Changes] = {
    "an action that nobody knows": {
        "actions/drop_namespace/drop_namespace.rego": "package actions.drop_namespace\n\nparams := {}\n",
        RUNBOOK: [
            ("{action: patch_labels, checkpoint: cp2}", "{action: drop_namespace, checkpoint: cp2}"),
            ("cp1: [gather, patch_labels, resolve_write]", "cp1: [gather, drop_namespace, resolve_write]"),
            (EFFECTS, EFFECTS.replace("}", ", drop_namespace: write}")),
        ],
    },
    "an effect that the runbook does not have": {RUNBOOK: [(EFFECTS, EFFECTS.replace("patch_labels: write, ", ""))]},
    "a write that the runbook calls a read": {
        RUNBOOK: [(EFFECTS, EFFECTS.replace("patch_labels: write", "patch_labels: read"))]
    },
}


@pytest.mark.parametrize("what", OPENINGS)
def test_a_run_that_was_opened_with_a_policy_that_asks_for(theatre: Theatre, opa_binary: Path, what: str) -> None:
    """It keeps what it was opened with, so that no other policy can talk it out of that."""
    theatre.submit()
    theatre.replayed |= {"unknown_shape"}  # inputs of a run that calls a write a read are none that anybody knows
    refuse(theatre, opa_binary, OPENINGS[what], "fence.action", at="cp1")
    assert_refused(theatre, "fence.action", at="cp1", writes=0)
    assert theatre.labels() == {}


def test_a_policy_that_drops_the_null_of_a_label_that_is_left_out(theatre: Theatre, opa_binary: Path) -> None:
    theatre.state(labels={**APPROVED, f"{PREFIX}warn": None, f"{PREFIX}warn-version": None})
    only_set = LABELS.replace("label_keys}", "label_keys; given.task.labels[key] != null}")
    theatre.submit()
    refuse(theatre, opa_binary, {PATCH: [(LABELS, only_set)]}, "fence.labels", at="cp1")
    assert_the_shipped_policy_completes(theatre, writes=1)


# --- reads of something else ---

READS: dict[str, tuple[Changes, str]] = {
    "another cluster": (
        {GATHER: [('"cluster_id": given.task.cluster_id,', '"cluster_id": "mks-eu-west-1-prod-01",')]},
        "cluster",
    ),
    "another namespace": ({GATHER: [(NAMESPACE, '"namespace": "kube-system",')]}, "namespace"),
    "a dry run of other labels": (
        {GATHER: [(LABELS, labels_with(f'"{PREFIX}enforce": "privileged"'))]},
        "labels",
    ),
    "fewer registers": (
        {GATHER: [('"sources": given.runbook.sources,', '"sources": ["namespace_baseline"],')]},
        "sources",
    ),
}


@pytest.mark.parametrize("what", READS)
def test_a_policy_that_asks_to_gather(theatre: Theatre, opa_binary: Path, what: str) -> None:
    changes, code = READS[what]
    theatre.submit()
    refuse(theatre, opa_binary, changes, f"fence.{code}", at="cp0")
    assert_the_shipped_policy_completes(theatre, writes=1)


LOOKS: dict[str, tuple[Changes, str]] = {
    "another namespace": ({RESOLVE: [(NAMESPACE, '"namespace": "kube-system",')]}, "namespace"),
    "other labels": ({RESOLVE: [(KEYS, '"label_keys": ["team"],')]}, "labels"),
    "somebody else's request": ({RESOLVE: [(AUDIT_IDS, '"audit_ids": ["somebody-elses"],')]}, "audit_ids"),
    "a longer time": ({RESOLVE: [(SINCE_EARLIER, '"since_ms": 0,')]}, "since"),
    "a shorter time": ({RESOLVE: [(SINCE_EARLIER, '"since_ms": attempts.since_ms + 1,')]}, "since"),
}


@pytest.mark.parametrize("what", LOOKS)
def test_a_policy_that_asks_what_became_of(theatre: Theatre, opa_binary: Path, what: str) -> None:
    changes, code = LOOKS[what]
    theatre.live(APPROVED)
    theatre.submit()
    refuse(theatre, opa_binary, changes, f"fence.{code}", at="cp1")
    assert_the_shipped_policy_completes(theatre, writes=0)


PROBES: dict[str, tuple[Changes, str]] = {
    "with a name": ({MANIFESTS: [(METADATA, f'{METADATA}\n\t"name": "payments-api",')]}, "probe"),
    "with a prefix for names": ({MANIFESTS: [(METADATA, f'{METADATA}\n\t"generateName": "payments-",')]}, "probe"),
    "in another namespace": ({MANIFESTS: [(METADATA, f'{METADATA}\n\t"namespace": "kube-system",')]}, "probe"),
    "of another kind": ({MANIFESTS: [('"kind": "Pod",', '"kind": "ServiceAccount",')]}, "probe"),
    "of another version": (
        {MANIFESTS: [('"apiVersion": "v1",\n\t"kind": "Pod",', '"apiVersion": "apps/v1",\n\t"kind": "Pod",')]},
        "probe",
    ),
    "and a readback of other labels": ({VERIFY: [(KEYS, '"label_keys": ["team"],')]}, "labels"),
    "and somebody else's audit events": ({VERIFY: [(MISSING, '"audit_ids": ["somebody-elses"],')]}, "audit_ids"),
    "and the audit log of a longer time": ({VERIFY: [(SINCE, '"since_ms": 0,')]}, "since"),
    "against another namespace": ({VERIFY: [(NAMESPACE, '"namespace": "kube-system",')]}, "namespace"),
}


@pytest.mark.parametrize("what", PROBES)
def test_a_policy_that_asks_for_probes(theatre: Theatre, opa_binary: Path, what: str) -> None:
    changes, code = PROBES[what]
    theatre.live(APPROVED)
    theatre.submit()
    refuse(theatre, opa_binary, changes, f"fence.{code}", at="cp2")
    assert_the_shipped_policy_completes(theatre, writes=0)


# --- a write at the wrong place or too often ---


def test_a_policy_that_writes_again_after_verification(theatre: Theatre, opa_binary: Path) -> None:
    changes: Changes = {
        RUNBOOK: [
            ("proceed: [{action: gather, checkpoint: cp4}]", "proceed: [{action: patch_labels, checkpoint: cp2}]"),
            ("cp3: [gather, verify]", "cp3: [patch_labels, verify]"),
        ]
    }
    theatre.submit()
    refuse(theatre, opa_binary, changes, "fence.action", at="cp3", writes=1)
    assert_the_shipped_policy_is_not_the_one_of_this_run(theatre, writes=1)


def test_a_policy_that_writes_again_after_a_conflict_without_asking_cp1(theatre: Theatre, opa_binary: Path) -> None:
    changes: Changes = {
        RUNBOOK: [
            ("retry: [{action: gather, checkpoint: cp1}]", "retry: [{action: patch_labels, checkpoint: cp2}]"),
            ("cp2: [gather, resolve_write, verify]", "cp2: [patch_labels, resolve_write, verify]"),
        ]
    }
    theatre.director.cues["intended"] = lambda entry: theatre.live({"team": "payments"})
    theatre.submit()
    refuse(theatre, opa_binary, changes, "fence.action", at="cp2", writes=1)
    assert_the_shipped_policy_is_not_the_one_of_this_run(theatre, writes=1)


WITHOUT_BUDGET: dict[str, Changes] = {
    "does not count": {ATTEMPTS: [("\tnumber < given.runbook.retry_budget\n", "")]},
    "allows more than the task": {
        RUNBOOK: [("retry_budget: 2", "retry_budget: 9")],
        CONTRACT: [("\tgiven.task.retry_budget == given.runbook.retry_budget\n", "")],
    },
}


@pytest.mark.parametrize("what", WITHOUT_BUDGET)
def test_a_third_write_for_a_policy_that(theatre: Theatre, opa_binary: Path, what: str) -> None:
    theatre.director.cues["intended"] = lambda entry: theatre.live({"team": "payments"})
    theatre.submit()
    with ApiServerProxy.start(theatre.folder / "proxy", theatre.cluster.server) as proxy:
        proxy.plays = [lambda deliver: deliver(), lost_before_delivery]
        theatre.settings = theatre.settings.model_copy(update={"cluster": Cluster(kubeconfig=proxy.kubeconfig())})
        refuse(theatre, opa_binary, WITHOUT_BUDGET[what], "fence.budget", at="cp1", writes=1)
    assert [entry.kind for entry in theatre.history().entries].count("intent") == 2


# --- answers that no bundle would give ---


def with_next(verdict: str, **changes: Any) -> Alteration:
    """The real answer with another verdict, and another next action."""

    def alter(ask: Ask) -> Reply:
        reply = ask()
        document = reply.document
        document["result"]["verdict"] = verdict
        document["result"]["next"].update(changes)
        return reply.with_document(document)

    return alter


def straight_to_cp2(ask: Ask) -> Reply:
    """cp0 asks for what only cp1 may ask for; each value in it is right."""
    reply = ask()
    document = reply.document
    following = document["result"]["next"]
    gather = following["params"]
    params = {"namespace": gather["namespace"], "label_keys": list(gather["labels"]), "audit_ids": [], "since_ms": 0}
    following.update(action="resolve_write", checkpoint="cp2", params=params)
    return reply.with_document(document)


def another_round(ask: Ask) -> Reply:
    """cp4 completes with a resourceVersion that no round has seen."""
    reply = ask()
    document = reply.document
    document["result"]["next"]["params"]["resource_version"] = "1"
    return reply.with_document(document)


FAR = 4_102_444_800_000
FINISH: dict[str, Any] = {"action": "finish", "checkpoint": None, "params": {}}
GATHER_AGAIN = {"action": "gather", "checkpoint": "cp1"}
ANSWERS: dict[str, tuple[str, Alteration, str]] = {
    "skips cp1": ("cp0", straight_to_cp2, "action"),
    "completes before anything was written": ("cp1", with_next("complete", **FINISH), "action"),
    "completes with a round that never was": ("cp4", another_round, "verification"),
    "completes without a record": ("cp4", with_next("complete", **FINISH), "params"),
    "names a step that the runbook lacks": ("cp1", with_next("proceed", step="drop"), "step"),
    "waits beyond the deadline": ("cp1", with_next("wait", **GATHER_AGAIN, until_ms=FAR), "wait"),
    "waits for no moment": ("cp1", with_next("wait", **GATHER_AGAIN), "wait"),
    "proceeds at a moment": ("cp1", with_next("proceed", until_ms=FAR), "wait"),
    "writes in order to wait": ("cp1", with_next("retry"), "action"),
    "writes and skips the look at what became of it": ("cp1", with_next("proceed", checkpoint="cp3"), "action"),
    "escalates and goes on": ("cp1", with_next("escalate"), "action"),
    "has an action that is not of this checkpoint": (
        "cp3",
        with_next("proceed", action="patch_labels", until_ms=None),
        "action",
    ),
}


@pytest.fixture
def opa(theatre: Theatre, sidecar: Sidecar) -> Iterator[StandInOpa]:
    """A stand-in between the executor and the real sidecar."""
    with StandInOpa.start(sidecar.address) as started:
        theatre.settings = theatre.settings.model_copy(update={"opa": Opa(socket=started.socket)})
        yield started


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that(theatre: Theatre, opa: StandInOpa, what: str) -> None:
    checkpoint, alteration, code = ANSWERS[what]
    written = checkpoint > "cp1"
    opa.alterations = {checkpoint: alteration}
    theatre.submit()
    assert_refused(theatre, f"fence.{code}", at=checkpoint, writes=written)
    opa.alterations = {}
    assert_completed(theatre, theatre.run(), writes=1)
    with theatre.store() as store:
        assert store.verify().result == "chain consistent"


# --- what is the same for all of them ---


def refuse(theatre: Theatre, opa: Path, changes: Changes, code: str, *, at: str, writes: int = 0) -> None:
    """A run under a changed policy."""
    folder = theatre.folder / "changed"
    folder.mkdir()
    with served(folder, opa, edited(folder, opa, changes)) as settings:
        assert_refused(theatre, code, at=at, writes=writes, **settings)


def assert_refused(theatre: Theatre, code: str, *, at: str, writes: int, **settings: Any) -> None:
    with pytest.raises(NoDecision) as refused:
        theatre.run(**settings)
    assert (refused.value.code, refused.value.exit_status) == (code, 12)
    newest = theatre.history().newest
    assert (newest.kind, newest.checkpoint, newest.body["code"]) == ("no_decision", at, code)
    assert len(theatre.writes()) == writes
    assert not theatre.packets()


def assert_the_shipped_policy_completes(theatre: Theatre, *, writes: int) -> None:
    """Nothing was intended yet, so the run goes on under the shipped policy, from cp0."""
    assert_completed(theatre, theatre.run(), writes=writes)
    kinds = [entry.kind for entry in theatre.history().entries]
    assert kinds.count("repinned") == 1
    assert kinds.count("intent") == writes
    assert theatre.asked()[0] == "cp0 proceed"


def assert_the_shipped_policy_is_not_the_one_of_this_run(theatre: Theatre, *, writes: int) -> None:
    """Something was intended, so the run keeps its policy; with another sidecar it only waits for its deadline."""
    with pytest.raises(NoDecision) as refused:
        theatre.run()
    assert (refused.value.code, refused.value.exit_status) == ("no_decision.wrong_bundle", 12)
    assert len(theatre.writes()) == writes
