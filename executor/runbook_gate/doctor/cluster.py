"""Is the API server reachable, is its clock ours, and as whom does it know us?"""

from __future__ import annotations

from typing import Final

from runbook_gate.clock import Clock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.projection import executor_identity, http_answer
from runbook_gate.configuration import Cluster, Settings
from runbook_gate.errors import EnvironmentFault, UsageFault
from runbook_gate.models.http import HttpAnswer

SKEW_MS: Final = 5_000
_SECONDS: Final = 10
REMEDY: Final = "Check cluster.kubeconfig, the server in it, and that it is reachable from here."


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


def identity(settings: Settings, clock: Clock) -> str:
    """SelfSubjectReview: as whom the API server knows the executor. Each gather records the same."""
    with _reach(settings, clock, Endpoint("default")).open(_SECONDS) as connection:
        known = executor_identity(connection.self_subject_review())
    _require_answer(known.http)
    return known.username or "a name that cannot be printed"


def reachable(settings: Settings) -> Cluster:
    """How the cluster is reached.

    Raises:
        UsageFault: nothing is said of it.
    """
    if not settings.cluster.reachable:
        raise UsageFault("No kubeconfig is given.", advice="Set `cluster.kubeconfig`, or give --kubeconfig.")
    return settings.cluster


def _reach(settings: Settings, clock: Clock, endpoint: Endpoint) -> ClusterClient:
    return ClusterClient(reachable(settings).kubeconfig, settings.cluster.context, endpoint, clock)


def _ask(settings: Settings, clock: Clock, endpoint: Endpoint) -> HttpAnswer:
    with _reach(settings, clock, endpoint).open(_SECONDS) as connection:
        return _require_answer(http_answer(connection.self_subject_review(), None))


def _require_answer(answer: HttpAnswer) -> HttpAnswer:
    if answer.status != 201:
        told = f"HTTP {answer.status}" if answer.status else answer.outcome.replace("_", " ")
        raise EnvironmentFault(f"{answer.endpoint}: {told}.", advice=REMEDY)
    return answer
