"""Real texts of kube-apiserver (kubernetes.md A, B, D) and the ids that are kept of them."""

from __future__ import annotations

import pytest

from runbook_gate.cluster.messages import SentObject, message

BAD = SentObject("pods", "bad")

VIOLATION = (
    'pods "bad" is forbidden: violates PodSecurity "restricted:v1.31": host namespaces (hostNetwork=true), '
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)'
)
POLICY = "ValidatingAdmissionPolicy 'probe-guard.example.com' with binding 'B' denied request: secret words"
TEXTS = {
    'pods "ok" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0': (
        "quota_exceeded",
        None,
    ),
    'pods "ok" is forbidden: failed quota: q: must specify limits.cpu for: c': ("quota_exceeded", None),
    'pods "bad" is forbidden: minimum cpu usage per Container is 100m, but request is 1m': ("limit_range", None),
    'pods "bad" is forbidden: [minimum cpu usage per Container is 100m, but request is 1m, maximum memory usage]': (
        "limit_range",
        None,
    ),
    'pods "bad" is forbidden: error looking up service account t1/default: x': (
        "service_account_missing",
        None,
    ),
    'pods "bad" is forbidden: pod rejected: RuntimeClass "exempt-rc" not found': ("runtime_class", None),
    'pods is forbidden: User "plain" cannot create resource "pods"': (
        "rbac",
        None,
    ),
    'namespaces "p" is forbidden: User "system:serviceaccount:a:b" cannot patch resource "namespaces"': (
        "rbac",
        None,
    ),
    'Internal error occurred: failed calling webhook "a.example.com": failed to call webhook: Post': (
        "webhook_failed",
        "a.example.com",
    ),
    'admission webhook "a.example.com" denied the request: secret words': ("webhook_denied", "a.example.com"),
    'admission webhook "a.example.com" denied the request without explanation': ("webhook_denied", "a.example.com"),
    'admission webhook "Planted Words!" denied the request: x': ("webhook_denied", None),
    'admission webhook "a.example.com" does not support dry run': ("webhook_no_dry_run", "a.example.com"),
    f'pods "ok" is forbidden: {POLICY}': ("admission_policy", "probe-guard.example.com"),
    f'namespaces "p" is forbidden: {POLICY}': ("admission_policy", "probe-guard.example.com"),
    "policy 'mutator.example.com' with binding 'b' denied request: secret": ("mutating_policy", "mutator.example.com"),
    'policy "mutator.example.com" denied request: secret': ("mutating_policy", "mutator.example.com"),
    'pods "bad" is forbidden: not yet ready to handle request': ("admission_not_ready", None),
    'pods "bad" is forbidden: cpu max limit to request ratio per Container is 1, but no': ("limit_range", None),
    'pods "bad" is forbidden: no PriorityClass with name secret was found': ("priority_class", None),
    'pods "bad" is forbidden: status unknown for quota: q, resources: pods': ("quota_exceeded", None),
    ' "" is invalid: patch: Invalid value: "{secret}": strict decoding error: unknown field': ("invalid_patch", None),
    'pods "p" is forbidden: unable to create new content in namespace term because it is being terminated': (
        "namespace_terminating",
        None,
    ),
    'Operation cannot be fulfilled on namespaces "d1": the object has been modified; please apply your changes': (
        "conflict",
        None,
    ),
    'Operation cannot be fulfilled on namespaces "d1": Precondition failed: UID in precondition: X': (
        "precondition",
        None,
    ),
    "request did not complete within the allotted timeout": ("timeout", None),
    "Timeout: request did not complete within requested timeout - context deadline exceeded": ("timeout", None),
    'Namespace "d1" is invalid: metadata.uid: Invalid value: "0c7b": field is immutable': ("immutable_field", None),
    'Namespace "t1" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "Restricted"': (
        "invalid",
        None,
    ),
    'namespaces "missing" not found': ("not_found", None),
    'pods "p" already exists': ("already_exists", None),
    "Too many requests, please try again later.": ("too_many_requests", None),
    "etcdserver: request timed out": ("etcd", None),
    "etcdserver: leader changed": ("etcd", None),
    "Unauthorized": ("unauthorized", None),
    "the server rejected our request due to an error in our request": (None, None),
    'failed to lookup namespace "p"': (None, None),
    "<html>planted</html>": (None, None),
    "": (None, None),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_known_text_becomes_an_id(text: str) -> None:
    kept = message(text, SentObject("pods", "probe"))
    assert (kept.pattern, kept.plugin) == TEXTS[text]
    assert (kept.level_version, kept.length) == (None, len(text))


def test_a_violation_counts_with_level_and_version() -> None:
    kept = message(VIOLATION, BAD)
    assert (kept.pattern, kept.level_version, kept.plugin) == ("psa_violation", "restricted:v1.31", None)


FORGED = {
    "of another object": (VIOLATION, SentObject("pods", "other")),
    "of another resource": (VIOLATION, SentObject("podtemplates", "bad")),
    "of a name that is a pattern": (VIOLATION, SentObject("pods", "b.d")),
    "of no object": (VIOLATION, None),
    "behind a webhook's prefix": (
        f'admission webhook "a.b" denied the request: {VIOLATION}',
        SentObject("pods", "bad"),
    ),
    "behind a policy's prefix": (f'pods "bad" is forbidden: {POLICY} {VIOLATION}', BAD),
    "with a level that there is not": (VIOLATION.replace("restricted:", "strict:"), BAD),
    "with a version that there is not": (VIOLATION.replace("v1.31", "v1.031"), BAD),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_violation_does_not_count(what: str) -> None:
    kept = message(*FORGED[what])
    assert kept.pattern != "psa_violation"
    assert kept.level_version is None
