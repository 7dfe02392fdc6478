"""Is the API server reachable, is its clock ours, and may the executor do what it needs, and no more?"""

from __future__ import annotations

from typing import Any, Final

from kubernetes import client

from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.kubeconfig import hardened, load_access
from runbook_gate.cluster.projection import http_answer
from runbook_gate.configuration import Settings
from runbook_gate.errors import EnvironmentFault, UsageFault
from runbook_gate.models.http import HttpAnswer

SKEW_MS: Final = 5_000
_REMEDY: Final = "Check cluster.kubeconfig, the server in it, and that it is reachable from here."

# verb, resource, subresource, whether the right is needed on the target
NEEDED: Final = (("get", "namespaces"), ("patch", "namespaces"), ("create", "pods"), ("create", "podtemplates"))
UNWANTED: Final = (
    ("delete", "namespaces"),
    ("create", "pods/exec"),
    ("get", "secrets"),
    ("update", "namespaces/status"),
)


def cluster_answers(settings: Settings) -> str:
    """Every endpoint answers, and says as whom it sees us."""
    names = [_ask(settings, endpoint).endpoint for endpoint in _endpoints(settings)]
    return f"{', '.join(names)} answered"


def clock_agrees(settings: Settings) -> str:
    """The Date header lies within a few seconds of our clock."""
    answer = _ask(settings, Endpoint("default"))
    date_ms = answer.date_ms or 0
    apart = max(answer.sent_ms - SKEW_MS - date_ms, date_ms - answer.answered_ms - SKEW_MS, 0)
    if apart:
        raise EnvironmentFault(
            "The clocks of this machine and of the API server differ by more than 5 s.",
            advice="Synchronise the clocks; cp1 denies while they differ.",
        )
    return "agrees with the API server"


def rights(settings: Settings, namespace: str | None) -> str:
    """SelfSubjectAccessReviews: what is needed is allowed, a few things that must not be are refused."""
    if namespace is None:
        return "not checked; name a target with --namespace"
    api = client.AuthorizationV1Api(
        client.ApiClient(hardened(load_access(_kubeconfig(settings), settings.cluster.context)))
    )
    lacking = [f"{verb} {what}" for verb, what in NEEDED if not _allowed(api, namespace, verb, what)]
    if lacking:
        raise EnvironmentFault(
            f"The executor may not {', '.join(lacking)} on {namespace}.",
            advice="Grant exactly these rights to its identity.",
        )
    excess = [f"{verb} {what}" for verb, what in UNWANTED if _allowed(api, namespace, verb, what)]
    if excess:
        raise EnvironmentFault(
            f"The executor may {', '.join(excess)} on {namespace}; it must not.",
            advice="Use an identity of its own with the least rights.",
        )
    return f"sufficient on {namespace}, and not more than that"


def _endpoints(settings: Settings) -> list[Endpoint]:
    return [Endpoint("default"), *(Endpoint(one.name, one.url) for one in settings.cluster.endpoints)]


def _kubeconfig(settings: Settings) -> Any:
    if settings.cluster.kubeconfig is None:
        raise UsageFault("No kubeconfig is given.", advice="Name it as cluster.kubeconfig in the configuration.")
    return settings.cluster.kubeconfig


def _ask(settings: Settings, endpoint: Endpoint) -> HttpAnswer:
    reach = ClusterClient(_kubeconfig(settings), settings.cluster.context, endpoint, SystemClock())
    with reach.open(10) as connection:
        answer = http_answer(connection.self_subject_review(), None)
    if answer.status != 201:
        raise EnvironmentFault(f"{endpoint.name}: {answer.status or answer.outcome}.", advice=_REMEDY)
    return answer


def _allowed(api: Any, namespace: str, verb: str, what: str) -> bool:
    resource, _, subresource = what.partition("/")
    attributes: dict[str, str] = {
        "verb": verb,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
    }
    if resource == "namespaces":
        attributes["name"] = namespace
    try:
        review = api.create_self_subject_access_review(
            {"spec": {"resourceAttributes": attributes}}, _request_timeout=10
        )
    except client.ApiException as fault:
        raise EnvironmentFault(f"SelfSubjectAccessReview: HTTP {fault.status}.", advice=_REMEDY) from None
    except Exception as fault:  # urllib3's tree has no common root that the client promises
        raise EnvironmentFault(f"SelfSubjectAccessReview: {type(fault).__name__}.", advice=_REMEDY) from None
    return bool(review.status.allowed)
