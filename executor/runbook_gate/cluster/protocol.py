"""The cluster, as narrow as the four effects need it.

- One call is one request. Nothing is sent twice, redirected or guessed.
- An answer comes back raw, as an `Exchange`. It goes through `projection` before anything else sees it.
- No call raises because of what the network or the server did: that is an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from runbook_gate.cluster.deadline import Deadline
from runbook_gate.models.base import Labels
from runbook_gate.models.http import Transport

ProbeResource = Literal["pods", "podtemplates"]


@dataclass(frozen=True)
class Exchange:
    """One request and its raw answer. Never stored, printed or logged.

    Attributes:
        endpoint: configured name of the API server.
        outcome: what became of the request.
        sent_ms: wall clock before it was sent.
        answered_ms: wall clock after the answer or the failure.
        boottime_ms: CLOCK_BOOTTIME at the same moment.
        status: HTTP status, None without an answer.
        headers: the headers that may be projected, each as often as it came.
        body: the answer's bytes; empty if there were too many.
    """

    endpoint: str
    outcome: Transport
    sent_ms: int
    answered_ms: int
    boottime_ms: int
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class LabelPatch:
    """The one write: labels of one namespace, bound to the object that was read.

    Attributes:
        namespace: its name.
        uid: metadata.uid that it must have.
        resource_version: metadata.resourceVersion that it must have.
        labels: values to set, None to remove.
        field_manager: name under which the API server books the labels.
    """

    namespace: str
    uid: str
    resource_version: str
    labels: Labels
    field_manager: str

    def body(self) -> dict[str, Any]:
        """The JSON merge patch."""
        return {
            "metadata": {
                "uid": self.uid,
                "resourceVersion": self.resource_version,
                "labels": dict(self.labels),
            }
        }


class Connection(Protocol):
    """Requests over one connection of their own, within one time allowance."""

    def read_namespace(self, name: str) -> Exchange:
        """Read a namespace consistently."""
        ...

    def patch_namespace(
        self,
        patch: LabelPatch,
        *,
        dry_run: bool,
        audit_id: str | None = None,
        not_after: Deadline | None = None,
    ) -> Exchange:
        """Send a merge patch; `not_sent` if `not_after` has passed when the connection stands."""
        ...

    def create(
        self, resource: ProbeResource, namespace: str, manifest: Mapping[str, Any], *, audit_id: str
    ) -> Exchange:
        """Create with dryRun=All, always."""
        ...

    def self_subject_review(self, *, audit_id: str | None = None) -> Exchange:
        """Ask the API server as whom it sees us."""
        ...

    def skipped(self) -> Exchange:
        """What stands in place of a request that was not sent."""
        ...


class Cluster(Protocol):
    """One address of the cluster."""

    @property
    def name(self) -> str:
        """Configured name of the API server."""
        ...

    def open(self, within_s: float) -> AbstractContextManager[Connection]:
        """A new connection whose requests together take at most `within_s` seconds."""
        ...
