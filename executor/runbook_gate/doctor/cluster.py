"""Is the API server reachable, is its clock ours, and may the executor do what it needs, and no more?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from kubernetes import client

from runbook_gate.clock import Clock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.kubeconfig import hardened, load_access
from runbook_gate.cluster.projection import http_answer
from runbook_gate.configuration import Settings
from runbook_gate.errors import EnvironmentFault, UsageFault
from runbook_gate.models.http import HttpAnswer

SKEW_MS: Final = 5_000
_SECONDS: Final = 10
_REMEDY: Final = "Check cluster.kubeconfig, the server in it, and that it is reachable from here."


class Right(NamedTuple):
    """What an identity may do.

    Attributes:
        verb: such as `get`.
        resource: such as `pods/exec`.
        name: of a namespace, for rights on namespaces; None for the target.
    """

    verb: str
    resource: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f" {self.name}" if self.name else "")


NEEDED: Final = (
    Right("get", "namespaces"),
    Right("patch", "namespaces"),
    Right("get", "namespaces", "kube-system"),
    Right("create", "pods"),
    Right("create", "podtemplates"),
)
UNWANTED: Final = (
    Right("patch", "namespaces", "kube-system"),
    Right("delete", "namespaces"),
    Right("update", "namespaces/status"),
    Right("create", "pods/exec"),
    Right("get", "secrets"),
)


def answers(settings: Settings, clock: Clock) -> str:
    """Every endpoint answers and knows us."""
    listed = [Endpoint(one.name, one.url) for one in settings.cluster.endpoints]
    names = [_ask(settings, clock, endpoint).endpoint for endpoint in (Endpoint("default"), *listed)]
    return f"{', '.join(names)} answered" + ("" if listed else "; no endpoints are listed, so one address is sampled")


def clock_agrees(settings: Settings, clock: Clock) -> str:
    """The Date header lies within a few seconds of our clock."""
    answer = _ask(settings, clock, Endpoint("default"))
    date_ms = answer.date_ms or 0
    if not answer.sent_ms - SKEW_MS <= date_ms <= answer.answered_ms + SKEW_MS:
        raise EnvironmentFault(
            "The clocks of this machine and of the API server differ by more than 5 s.",
            advice="Synchronise the clocks; cp1 denies while they differ.",
        )
    return "agrees with the API server's"


def rights(settings: Settings, namespace: str | None) -> str:
    """SelfSubjectAccessReviews: what is needed is allowed, a few things that must not be are refused."""
    if namespace is None:
        return "not checked; name a target with --namespace"
    access = hardened(load_access(_kubeconfig(settings), settings.cluster.context))
    with client.ApiClient(access) as transport:
        api = client.AuthorizationV1Api(transport)
        lacking = [str(right) for right in NEEDED if not _allowed(api, namespace, right)]
        excess = [str(right) for right in UNWANTED if _allowed(api, namespace, right)]
    if lacking:
        raise EnvironmentFault(
            f"On {namespace} the executor may not {', '.join(lacking)}.",
            advice="Grant its identity exactly these rights.",
        )
    if excess:
        raise EnvironmentFault(
            f"On {namespace} the executor may {', '.join(excess)}; it must not.",
            advice="Use an identity of its own with the least rights.",
        )
    return f"sufficient on {namespace}, and not more than that"


def _kubeconfig(settings: Settings) -> Path:
    if settings.cluster.kubeconfig is None:
        raise UsageFault("No kubeconfig is given.", advice="Set `cluster.kubeconfig`, or give --kubeconfig.")
    return settings.cluster.kubeconfig


def _ask(settings: Settings, clock: Clock, endpoint: Endpoint) -> HttpAnswer:
    reach = ClusterClient(_kubeconfig(settings), settings.cluster.context, endpoint, clock)
    with reach.open(_SECONDS) as connection:
        answer = http_answer(connection.self_subject_review(), None)
    if answer.status != 201:
        told = f"HTTP {answer.status}" if answer.status else answer.outcome.replace("_", " ")
        raise EnvironmentFault(f"{endpoint.name}: {told}.", advice=_REMEDY)
    return answer


def _allowed(api: Any, namespace: str, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {"verb": right.verb, "resource": resource, "subresource": subresource, "namespace": namespace}
    if resource == "namespaces":
        attributes |= {"name": right.name or namespace, "namespace": right.name or namespace}
    body = {"spec": {"resourceAttributes": attributes}}
    try:
        review = api.create_self_subject_access_review(body, _request_timeout=_SECONDS)
    except client.ApiException as fault:
        raise EnvironmentFault(f"SelfSubjectAccessReview: HTTP {fault.status}.", advice=_REMEDY) from None
    except Exception as fault:  # urllib3's tree has no common root that the client promises
        raise EnvironmentFault(f"SelfSubjectAccessReview: {type(fault).__name__}.", advice=_REMEDY) from None
    return bool(review.status.allowed)
