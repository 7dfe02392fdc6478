"""Repairs that are not confirmed. The label is there, or was; that is not enough.

Unless a test says otherwise the write itself landed, and the packet says so.
"""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios import obstacles
from tests.scenarios.apiserver_proxy import Answer, ApiServerProxy
from tests.scenarios.servers import another_server, listed, server_of_its_own
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.configuration import Audit
from runbook_gate.demo.stage import APPROVED, PREFIX
from runbook_gate.ledger import Finished
from runbook_gate.localcluster import ApiServer, LocalCluster
from runbook_gate.localcluster.seeding import Seeder
from runbook_gate.models.entry import Entry

ENFORCE = f"{PREFIX}enforce"
CODE = "verification_reconciliation."
MERGE = "application/merge-patch+json"


def waits(theatre: Theatre) -> list[list[str]]:
    """Codes of each wait of cp3."""
    waited = [entry for entry in theatre.history().decisions() if entry.body["verdict"] == "wait"]
    assert {entry.checkpoint for entry in waited} <= {"cp3"}
    return [list(entry.body["codes"]) for entry in waited]


def rounds(theatre: Theatre) -> list[Entry]:
    return list(theatre.history().observations("verify", step="restore"))


def facts(packet: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Facts of the denials with a code."""
    return {key: value for one in packet["condition"] if one["code"] == code for key, value in one["facts"].items()}


def assert_unconfirmed(theatre: Theatre, finished: Finished, *codes: str, origin: str = "cp3") -> dict[str, Any]:
    """Escalated after one write that stands, with these codes of the verification."""
    named = [code if "." in code else CODE + code for code in codes]
    packet = assert_escalated(theatre, finished, *named, origin=origin, writes=1)
    assert [attempt["outcome"] for attempt in packet["attempts"]] == ["200"]
    assert packet["write_in_doubt"] is False
    return packet


# --- an API server that does not enforce ---


def test_an_api_server_without_pod_security_is_told_apart_within_the_shipped_window(theatre: Theatre) -> None:
    """`window_passed` after 60 s of `lagging`: a wrong answer may be lag, for so long and no longer."""
    theatre.submit()
    with another_server(theatre, pod_security_disabled=True) as unprotected:
        finished = theatre.run(**listed(theatre, api_1=theatre.cluster.server, api_2=unprotected))
    packet = assert_unconfirmed(theatre, finished, "window_passed")
    assert set(map(tuple, waits(theatre))) == {(f"{CODE}lagging",)}
    first, last = rounds(theatre)[0], rounds(theatre)[-1]
    assert 60_000 < last.boottime_ms - first.boottime_ms < 80_000
    told = facts(packet, f"{CODE}window_passed")
    last_round = f"input.rounds[{len(rounds(theatre)) - 1}].body.servers"
    assert told[f"{last_round}[1].endpoint"] == "api-2"
    assert f"{last_round}[0].endpoint" not in told
    assert packet["live"]["restored"] is True


@pytest.mark.parametrize("listed_first", [True, False], ids=["listed first", "listed last"])
def test_an_api_server_without_pod_security_anywhere_in_the_list(
    theatre: Theatre, short_window: dict[str, Any], listed_first: bool
) -> None:
    theatre.submit()
    with another_server(theatre, pod_security_disabled=True) as unprotected:
        servers = {"good": theatre.cluster.server, "open": unprotected}
        chosen = dict(sorted(servers.items(), reverse=listed_first))
        finished = theatre.run(**short_window, **listed(theatre, **chosen))
    assert_unconfirmed(theatre, finished, "window_passed")


def test_the_only_api_server_without_pod_security(theatre: Theatre, short_window: dict[str, Any]) -> None:
    theatre.submit()
    with server_of_its_own(theatre, pod_security_disabled=True):
        finished = theatre.run(**short_window)
    packet = assert_unconfirmed(theatre, finished, "window_passed")
    assert packet["live"]["restored"] is True


def test_a_policy_that_forges_the_annotations_of_pod_security(theatre: Theatre, short_window: dict[str, Any]) -> None:
    """`facts.probes`: an annotation can be forged by a policy of that name, the text of the refusal cannot."""
    annotations = [
        {"key": "enforce-policy", "valueExpression": "'restricted:v1.31'"},
        {"key": "audit-violations", "valueExpression": "'would violate PodSecurity \"restricted:v1.31\": x'"},
    ]
    refusal = {
        "expression": "false",
        "reason": "Forbidden",
        "message": 'violates PodSecurity "restricted:v1.31": host namespaces (hostNetwork=true)',
    }
    theatre.submit()
    with (
        obstacles.policy(theatre, "pod-security.kubernetes.io", auditAnnotations=annotations, validations=[refusal]),
        server_of_its_own(theatre, pod_security_disabled=True),
    ):
        finished = theatre.run(**short_window)
    packet = assert_unconfirmed(theatre, finished, "window_passed")
    events = rounds(theatre)[-1].body["audit"]["events"]
    assert {event["enforce_policy"] for event in events} == {"restricted:v1.31"}
    assert "P1" in facts(packet, f"{CODE}window_passed").values()


# --- an exempt namespace ---


def test_a_namespace_that_is_exempt_from_pod_security(theatre: Theatre) -> None:
    """`exempt` escalates at once: no time mends it."""
    theatre.submit()
    with server_of_its_own(theatre, pod_security_exempt_namespaces=(theatre.namespace,)):
        finished = theatre.run()
    packet = assert_unconfirmed(theatre, finished, "exempt")
    assert len(rounds(theatre)) == 1
    assert packet["live"]["restored"] is True


def test_a_namespace_that_one_listed_server_exempts(theatre: Theatre) -> None:
    theatre.submit()
    with another_server(theatre, pod_security_exempt_namespaces=(theatre.namespace,)) as exempting:
        finished = theatre.run(**listed(theatre, api_1=theatre.cluster.server, api_2=exempting))
    packet = assert_unconfirmed(theatre, finished, "exempt")
    assert "api-2" in facts(packet, f"{CODE}exempt").values()
    assert "api-1" not in facts(packet, f"{CODE}exempt").values()


# --- probes that something else answers ---


def without_service_account(theatre: Theatre) -> AbstractContextManager[None]:
    theatre.seeder.core.delete_namespaced_service_account("default", theatre.namespace)
    return ExitStack()  # type: ignore[return-value]


# What stands in the way, and which text and plugin the packet names.
BLOCKED: dict[str, tuple[Callable[[Theatre], AbstractContextManager[None]], str, str | None]] = {
    "no default ServiceAccount": (without_service_account, "service_account_missing", None),
    "a LimitRange": (
        lambda theatre: obstacles.limit_range(theatre, min={"cpu": "100m"}, maxLimitRequestRatio={"cpu": "1"}),
        "limit_range",
        None,
    ),
    "a dead webhook": (obstacles.dead_webhook, "webhook_failed", "pods.example.com"),
    "a mutating webhook that refuses": (
        lambda theatre: obstacles.refusing_webhook(theatre, "mutating"),
        "webhook_denied",
        "pods.example.com",
    ),
    "no right to create pods": (obstacles.no_right_to_probe, "rbac", None),
}


@pytest.mark.parametrize(("obstacle", "pattern", "plugin"), BLOCKED.values(), ids=BLOCKED)
def test_probes_that_stay_inconclusive(
    theatre: Theatre,
    short_window: dict[str, Any],
    obstacle: Callable[[Theatre], AbstractContextManager[None]],
    pattern: str,
    plugin: str | None,
) -> None:
    """`probe_blocked` after a window of `inconclusive`, and the packet names what blocks."""
    theatre.submit()
    with obstacle(theatre):
        finished = theatre.run(**short_window)
    packet = assert_unconfirmed(theatre, finished, "probe_blocked")
    assert set(map(tuple, waits(theatre))) == {(f"{CODE}inconclusive",)}
    assert {(one["pattern"], one["plugin"]) for one in packet["blockers"]} == {(pattern, plugin)}


def test_a_sidecar_injector_without_an_opt_out(theatre: Theatre, short_window: dict[str, Any]) -> None:
    """`facts.probes`: what is admitted here is not what was sent, so nothing is shown of the compliant pod."""
    theatre.submit()
    with obstacles.injector(theatre, lets_opt_out=False):
        finished = theatre.run(**short_window)
    packet = assert_unconfirmed(theatre, finished, "window_passed")
    assert "P3" in facts(packet, f"{CODE}window_passed").values()


def test_a_mutator_that_takes_away_every_violation(theatre: Theatre, short_window: dict[str, Any]) -> None:
    """`facts.probes`: 201 on an altered probe does not say that the namespace is unprotected."""
    theatre.state(labels={key: "v1.31" if key.endswith("version") else "baseline" for key in APPROVED})
    theatre.submit()
    violations = ["hostNetwork", "hostPID", "hostIPC", "containers/0/ports/0/hostPort", "volumes/0/hostPath"]
    with obstacles.taking_away(theatre, *violations):
        finished = theatre.run(**short_window)
    packet = assert_unconfirmed(theatre, finished, "probe_blocked")
    assert "P1" in facts(packet, f"{CODE}probe_blocked").values()


# --- audit evidence ---


def test_audit_evidence_that_never_comes(theatre: Theatre) -> None:
    """`audit_missing` after 45 s of `audit_pending`."""
    empty = theatre.folder / "empty.log"
    empty.touch()
    theatre.submit()
    assert_unconfirmed(theatre, theatre.run(audit=Audit(logs=(empty,))), "audit_missing")
    assert set(map(tuple, waits(theatre))) == {(f"{CODE}audit_pending",)}
    waited_ms = rounds(theatre)[-1].boottime_ms - rounds(theatre)[0].boottime_ms
    assert 45_000 < waited_ms < 60_000


def test_an_audit_log_of_one_listed_server_only(theatre: Theatre, short_window: dict[str, Any]) -> None:
    theatre.submit()
    with another_server(theatre) as second:
        settings = listed(theatre, api_1=theatre.cluster.server, api_2=second)
        settings["audit"] = Audit(logs=(theatre.cluster.server.audit_log,))
        finished = theatre.run(**short_window, **settings)
    packet = assert_unconfirmed(theatre, finished, "audit_missing")
    lacking = json.dumps(facts(packet, f"{CODE}audit_missing"))
    assert ".body.servers[1].probes" in lacking
    assert ".body.servers[0].probes" not in lacking


def test_an_audit_log_that_is_not_there_until_the_deadline(theatre: Theatre, short_deadline: dict[str, Any]) -> None:
    """`audit_unanswered` waits for the log's owner, as no answer always does."""
    theatre.submit()
    with another_server(theatre, audit=False) as silent:
        finished = theatre.run(**short_deadline, **listed(theatre, api_1=theatre.cluster.server, api_2=silent))
    assert_unconfirmed(theatre, finished, "audit_unanswered", "gate.deadline_passed")


def test_no_audit_log_to_ask(theatre: Theatre) -> None:
    """`audit_unconfigured` escalates at once."""
    theatre.submit()
    assert_unconfirmed(theatre, theatre.run(audit=Audit()), "audit_unconfigured")
    assert len(rounds(theatre)) == 1


def probe_again(server: ApiServer, user: str, verified: Entry, namespace: str) -> None:
    """Send the round's first probe once more, under its Audit-ID and name, as somebody."""
    probe = verified.body["servers"][0]["probes"][0]
    document = json.loads(server.kubeconfig(user).read_text(encoding="utf-8"))
    headers = {
        "Authorization": f"Bearer {document['users'][0]['user']['token']}",
        "Content-Type": "application/json",
        "Audit-ID": probe["audit_id"],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": probe["object_name"]},
        "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "example.com/none"}]},
    }
    trust = ssl.create_default_context(cafile=server.ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=20, context=trust)
    connection.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", json.dumps(pod), headers)
    assert connection.getresponse().read()
    connection.close()


@pytest.fixture
def late_log(theatre: Theatre) -> Callable[[], None]:
    """An audit log that the executor cannot read until this is called."""
    late = theatre.folder / "late.log"
    late.mkdir()
    real = theatre.cluster.server.audit_log
    theatre.settings = theatre.settings.model_copy(update={"audit": Audit(logs=(late,))})

    def come() -> None:
        late.rmdir()
        late.symlink_to(real)

    return come


@pytest.mark.parametrize("user", ["plain", "other-controller"])
def test_an_event_of_somebody_else_under_our_audit_id_does_not_count(
    theatre: Theatre, late_log: Callable[[], None], user: str
) -> None:
    """`facts.audit`: the user must match, too."""

    def forge(entry: Entry) -> None:
        probe_again(theatre.cluster.server, user, entry, theatre.namespace)
        late_log()

    theatre.director.cues["observed:verify"] = forge
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)


def test_two_events_of_one_probe_are_suspect(theatre: Theatre, late_log: Callable[[], None]) -> None:
    """`audit_ambiguous`: somebody has the executor's credentials."""

    def forge(entry: Entry) -> None:
        probe_again(theatre.cluster.server, "executor", entry, theatre.namespace)
        late_log()

    theatre.director.cues["observed:verify"] = forge
    theatre.submit()
    packet = assert_unconfirmed(theatre, theatre.run(), "audit_ambiguous")
    assert "P1" in facts(packet, f"{CODE}audit_ambiguous").values()


# --- labels that somebody reverts ---


@pytest.fixture
def quiet(theatre: Theatre) -> None:
    """A namespace that nobody wrote in this second.

    The Date header of the last read has whole seconds, so writes of the same second count as later ones.
    """
    time.sleep(1.1)


def other_controller(theatre: Theatre, labels: Mapping[str, str | None], *, status: bool = False) -> None:
    """Another user writes labels; through the status subresource Pod Security does not even look at them."""
    with Seeder(theatre.cluster.server.kubeconfig("other-controller")) as other:
        patch = other.core.patch_namespace_status if status else other.core.patch_namespace
        patch(theatre.namespace, {"metadata": {"labels": dict(labels)}}, _content_type=MERGE)


def remove_all(theatre: Theatre) -> None:
    """A PUT of the namespace without labels, as the reconciler sent it that removed them in the first place."""
    with Seeder(theatre.cluster.server.kubeconfig("other-controller")) as other:
        found = other.core.read_namespace(theatre.namespace)
        found.metadata.labels = {}
        other.core.replace_namespace(theatre.namespace, found)


REVERTS: dict[str, tuple[Callable[[Theatre], None], dict[str, str | None]]] = {
    "to a weaker level": (lambda theatre: other_controller(theatre, {ENFORCE: "baseline"}), {ENFORCE: "baseline"}),
    "one label removed": (lambda theatre: other_controller(theatre, {ENFORCE: None}), {ENFORCE: None}),
    "all labels removed": (remove_all, dict.fromkeys(APPROVED)),
    "past validation": (
        lambda theatre: other_controller(theatre, {ENFORCE: "bogus"}, status=True),
        {ENFORCE: "bogus"},
    ),
}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("moment", ["decided:cp2:proceed", "observed:verify"], ids=["at once", "between the rounds"])
@pytest.mark.parametrize(("revert", "change"), REVERTS.values(), ids=REVERTS)
def test_labels_that_are_reverted_after_the_write(
    theatre: Theatre, moment: str, revert: Callable[[Theatre], None], change: dict[str, str | None]
) -> None:
    """`readback_differs` escalates at once and names who wrote; nothing is written again."""
    theatre.director.cues[moment] = lambda entry: revert(theatre)
    theatre.submit()
    packet = assert_unconfirmed(theatre, theatre.run(), "readback_differs")
    assert facts(packet, f"{CODE}readback_differs")["derived.writers"] == [
        {"username": "other-controller", "labels": change},
    ]
    assert packet["live"]["restored"] is False
    differing = {label["key"]: label["live"] for label in packet["live"]["labels"] if label["differs"]}
    assert differing == change
    assert theatre.labels() == {key: value for key, value in {**APPROVED, **change}.items() if value is not None}


def test_the_writer_stands_in_the_packet_that_people_read(theatre: Theatre) -> None:
    theatre.director.cues["decided:cp2:proceed"] = lambda entry: other_controller(theatre, {ENFORCE: "baseline"})
    theatre.submit()
    finished = theatre.run()
    assert "other-controller" in (theatre.folder / "packets" / f"{finished.packet}.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("quiet")
def test_every_writer_is_named(theatre: Theatre) -> None:
    def revert(_entry: Entry) -> None:
        theatre.live({ENFORCE: "privileged"})
        other_controller(theatre, {ENFORCE: "baseline"})

    theatre.director.cues["decided:cp2:proceed"] = revert
    theatre.submit()
    packet = assert_unconfirmed(theatre, theatre.run(), "readback_differs")
    writers = facts(packet, f"{CODE}readback_differs")["derived.writers"]
    assert [(one["username"], one["labels"][ENFORCE]) for one in writers] == [
        ("admin", "privileged"),
        ("other-controller", "baseline"),
    ]


def test_a_revert_without_an_audit_log_has_no_name(theatre: Theatre) -> None:
    theatre.director.cues["decided:cp2:proceed"] = lambda entry: other_controller(theatre, {ENFORCE: "baseline"})
    theatre.submit()
    packet = assert_unconfirmed(theatre, theatre.run(audit=Audit()), "readback_differs", "audit_unconfigured")
    assert facts(packet, f"{CODE}readback_differs")["derived.writers"] == []


@pytest.mark.parametrize(("revert", "change"), REVERTS.values(), ids=REVERTS)
def test_labels_that_are_reverted_after_the_last_round(
    theatre: Theatre, revert: Callable[[Theatre], None], change: dict[str, str | None]
) -> None:
    """`restoration.reverted`: cp4 looks once more."""
    theatre.director.cues["decided:cp3:proceed"] = lambda entry: revert(theatre)
    theatre.submit()
    packet = assert_unconfirmed(theatre, theatre.run(), "restoration.reverted", origin="cp4")
    differing = {label["key"]: label["live"] for label in packet["live"]["labels"] if label["differs"]}
    assert differing == change


# --- several API servers ---


def test_all_listed_servers_confirm(theatre: Theatre) -> None:
    theatre.submit()
    with another_server(theatre) as second:
        finished = theatre.run(**listed(theatre, api_1=theatre.cluster.server, api_2=second))
    assert_completed(theatre, finished, writes=1)
    found = theatre.history().newest.body["record"]
    assert (found["servers"], found["endpoints"]) == ("listed", ["api-1", "api-2"])
    for verified in rounds(theatre):
        assert [server["endpoint"] for server in verified.body["servers"]] == ["api-1", "api-2"]
        assert [len(server["probes"]) for server in verified.body["servers"]] == [4, 4]


class Interrupting(ApiServerProxy):
    """Does something once, before the first request that comes through."""

    def __init__(self, theatre: Theatre, act: Callable[[], object]) -> None:
        super().__init__(theatre.folder / "proxy", theatre.cluster.server)
        self._acts = [act]

    def pass_on(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        while self._acts:
            self._acts.pop()()
        return super().pass_on(method, target, headers, body)

    def __enter__(self) -> Interrupting:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.mark.usefixtures("quiet")
def test_labels_that_one_listed_server_reads_otherwise(theatre: Theatre) -> None:
    """`readback_differs` looks at every server: the first one read the tuple, the second one what came after it."""
    theatre.submit()
    with Interrupting(theatre, lambda: other_controller(theatre, {ENFORCE: "baseline"})) as second:
        finished = theatre.run(**listed(theatre, api_1=theatre.cluster.server, api_2=second))
    packet = assert_unconfirmed(theatre, finished, "readback_differs")
    told = facts(packet, f"{CODE}readback_differs")
    assert [path for path in told if "servers[0]" in path] == []
    assert told["input.rounds[0].body.servers[1].first.object.labels"][ENFORCE] == "baseline"
    assert told["derived.writers"] == [{"username": "other-controller", "labels": {ENFORCE: "baseline"}}]


def test_a_listed_server_of_another_cluster(theatre: Theatre, tmp_path: Path) -> None:
    """`namespace_identity.recreated`: the right labels on a namespace of the same name confirm nothing."""
    folder = tmp_path / "other-cluster"
    folder.mkdir(mode=0o700)
    for secret in ("tokens.json", "tokens.csv", "sa.key"):
        shutil.copy(theatre.cluster.folder / secret, folder)
    theatre.submit()
    with LocalCluster.start(folder) as other, Seeder(other.server.kubeconfig()) as seeder:
        seeder.namespace(theatre.namespace, {key: str(value) for key, value in APPROVED.items()})
        seeder.grant_executor(theatre.namespace)
        finished = theatre.run(**listed(theatre, api_1=theatre.cluster.server, api_2=other.server))
    assert_unconfirmed(theatre, finished, "namespace_identity.recreated")
