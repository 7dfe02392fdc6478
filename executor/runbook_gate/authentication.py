"""A prequalifier that submits itself: an API server says who it is, and parties data which API server is believed.

- The kubeconfig is the submitter's own, so what counts is the authority that vouched for the server, not its name.
- The review carries the task's digest as its Audit-ID: the server's own audit log says who submitted which task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runbook_gate.clock import Clock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.cluster.projection import executor_identity
from runbook_gate.configuration import Settings
from runbook_gate.errors import EnvironmentFault, InvalidDocument, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger.sealing import document_sha256
from runbook_gate.models.task import Authentication, TaskDocument
from runbook_gate.shapes import sequence

_SECONDS: Final = 10
_ADDRESS: Final = Endpoint("default")


def authenticated(task: TaskDocument, bundle: Bundle | None, settings: Settings, clock: Clock) -> Authentication:
    """Ask the API server who submits.

    Args:
        task: what is submitted.
        bundle: whose parties data lists the identities of prequalifiers.
        settings: the kubeconfig, with the submitter's own credentials.
        clock: for the moments of the request.

    Raises:
        InvalidDocument: this identity is not listed for the task's prequalifier, or the kubeconfig cannot be used.
        EnvironmentFault: the API server does not say who it is.
        UsageFault: there is no bundle or no kubeconfig.
    """
    if bundle is None:
        raise UsageFault("--authenticate needs a bundle, whose parties data has the identities.", advice="Name it.")
    if settings.cluster.kubeconfig is None:
        raise UsageFault("--authenticate needs a kubeconfig with your own credentials.", advice="Name it.")
    found = _reviewed(ClusterClient(settings.cluster.kubeconfig, settings.cluster.context, _ADDRESS, clock), task)
    by = task.prequalification.by
    if not _listed(bundle.identities(by), found):
        raise InvalidDocument(
            f"{found.username}, as authority {found.authority} knows it, is not listed for prequalifier {by}.",
            advice="Let the prequalifier submit it, or have the identity reviewed into the parties data.",
        )
    return found


def _reviewed(client: ClusterClient, task: TaskDocument) -> Authentication:
    digest, authority = document_sha256(task), client.authority()
    with client.open(_SECONDS) as connection:
        known = executor_identity(connection.self_subject_review(audit_id=digest))
    if known.http.status != 201 or not known.username or known.http.audit_id != digest:
        told = f"HTTP {known.http.status}" if known.http.status else known.http.outcome.replace("_", " ")
        raise EnvironmentFault(
            f"The API server does not say who submits: {told}.",
            advice="Check the kubeconfig, its credentials, and that the server is reached without anything between.",
        )
    return Authentication(authority=authority, username=known.username, audit_id=digest)


def _listed(identities: Mapping[str, Any], found: Authentication) -> bool:
    return found.username in sequence(identities.get(found.authority))
