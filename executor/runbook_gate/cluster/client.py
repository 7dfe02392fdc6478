"""Requests to one API server through the official client: one call, one request, one raw answer.

- No retry, no redirect, no proxy; TLS is always verified.
- Each request ends after REQUEST_S seconds, all requests of a connection after what `open` allows them. The
  server is told a shorter time, so that it gives up first.
- Of that, the name may take CONNECT_S seconds, and so may the connection, however many addresses the name has.
- An answer that broke off is no answer: `lost` or `timed_out`.
"""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubernetes.client import ApiClient

from runbook_gate import __version__
from runbook_gate.clock import Clock
from runbook_gate.cluster import calls
from runbook_gate.cluster.authority import authority
from runbook_gate.cluster.calls import Call
from runbook_gate.cluster.deadline import Deadline
from runbook_gate.cluster.kubeconfig import access_to, hardened, server_url
from runbook_gate.cluster.outcomes import REQUEST_FAILURES, transport_outcome
from runbook_gate.cluster.protocol import Exchange, LabelPatch, ProbeResource
from runbook_gate.cluster.trust import Trust
from runbook_gate.models.http import Transport
from runbook_gate.wire.connections import watch
from runbook_gate.wire.wire import Wire

CONNECT_S: Final = 5.0
REQUEST_S: Final = 15.0
MAX_BODY: Final = 4 * 1024 * 1024
KEPT_HEADERS: Final = frozenset({"date", "audit-id", "retry-after", "warning"})


@dataclass(frozen=True)
class Endpoint:
    """One address of the cluster.

    Attributes:
        name: under which it is recorded.
        url: None for the address in the kubeconfig.
    """

    name: str
    url: str | None = None


class ClusterClient:
    """A `Cluster`: one endpoint as a kubeconfig lets it be reached.

    Args:
        kubeconfig: the file; None for the service account of this pod.
        context: name of the context; None for the file's current one.
        endpoint: which address.
        clock: for the moments in the answers.

    Raises:
        InvalidDocument: kubeconfig or address cannot be used.
    """

    def __init__(self, kubeconfig: Path | None, context: str | None, endpoint: Endpoint, clock: Clock) -> None:
        self._access = access_to(kubeconfig, context)
        self._trust = Trust(hardened(self._access))
        self._url = server_url(endpoint.url or self._access.host)
        self._endpoint = endpoint
        self._clock = clock

    @property
    def name(self) -> str:
        """Configured name of the API server."""
        return self._endpoint.name

    def authority(self) -> str:
        """Who vouches for this API server, by the authority's key.

        Raises:
            InvalidDocument: it is not exactly one.
        """
        return authority(self._access, self._url)

    @contextlib.contextmanager
    def open(self, within_s: float) -> Iterator[ClusterConnection]:
        """A new connection, closed at the end of the block."""
        wire = Wire()
        api = ApiClient(hardened(self._access))
        api.user_agent = f"runbook-gate/{__version__}"
        watch(api.rest_client.pool_manager, wire)
        self._trust.give(api.rest_client.pool_manager)
        until = time.monotonic() + within_s
        try:
            yield ClusterConnection(api, wire, self._clock, url=self._url, name=self.name, until=until)
        finally:
            api.rest_client.close()


class ClusterConnection:
    """A `Connection` to a real API server; made by `ClusterClient.open`."""

    def __init__(self, api: Any, wire: Wire, clock: Clock, *, url: str, name: str, until: float) -> None:
        self._api, self._wire, self._clock = api, wire, clock
        self._url, self._name, self._until = url, name, until

    def read_namespace(self, name: str) -> Exchange:
        """Read a namespace consistently."""
        return self._send(calls.read_namespace(name))

    def patch_namespace(
        self,
        patch: LabelPatch,
        *,
        dry_run: bool,
        audit_id: str | None = None,
        not_after: Deadline | None = None,
    ) -> Exchange:
        """Send a merge patch; `not_sent` if `not_after` has passed when the connection stands."""
        return self._send(calls.patch_namespace(patch, dry_run=dry_run, audit_id=audit_id), not_after)

    def create(
        self, resource: ProbeResource, namespace: str, manifest: Mapping[str, Any], *, audit_id: str
    ) -> Exchange:
        """Create with dryRun=All, always."""
        return self._send(calls.create_dry_run(resource, namespace, manifest, audit_id=audit_id))

    def self_subject_review(self, *, audit_id: str | None = None) -> Exchange:
        """Ask the API server as whom it sees us."""
        return self._send(calls.self_subject_review(audit_id=audit_id))

    def skipped(self) -> Exchange:
        """What stands in place of a request that was not sent."""
        return self._exchange("not_sent", self._clock.read().at_ms)

    def _send(self, call: Call, not_after: Deadline | None = None) -> Exchange:
        sent_ms = self._clock.read().at_ms
        seconds = min(REQUEST_S, self._until - time.monotonic())
        if seconds <= 0:
            return self.skipped()
        try:
            with self._wire.request(seconds, lambda: self._in_time(not_after)):
                answer = self._answer(call, seconds)
                status, headers, body = answer.status, _kept(answer), _body(answer)
                self._wire.after_answer()
        except REQUEST_FAILURES as error:
            outcome = transport_outcome(error, sent=self._wire.sent, expired=self._wire.expired)
            return self._exchange(outcome, sent_ms)
        return self._exchange("answered", sent_ms, status, headers, body)

    def _in_time(self, not_after: Deadline | None) -> bool:
        return not_after is None or not not_after.passed(self._clock.read())

    def _answer(self, call: Call, seconds: float) -> Any:
        request = self._api.param_serialize(
            call.method,
            call.path,
            path_params=dict(call.path_params),
            query_params=list(call.query),
            header_params=call.headers(),
            body=call.body,
            auth_settings=["BearerToken"],
            _host=self._url,
        )
        return self._api.call_api(*request, _request_timeout=(min(CONNECT_S, seconds), seconds)).response

    def _exchange(
        self,
        outcome: Transport,
        sent_ms: int,
        status: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> Exchange:
        now = self._clock.read()
        return Exchange(self._name, outcome, sent_ms, now.at_ms, now.boottime_ms, status, headers, body)


def _kept(answer: Any) -> tuple[tuple[str, str], ...]:
    pairs = [(name.lower(), value) for name, value in answer.headers.iteritems()]
    return tuple(pair for pair in pairs if pair[0] in KEPT_HEADERS)


def _body(answer: Any) -> bytes:
    if not answer.chunked and "content-length" not in answer.headers:
        raise http.client.IncompleteRead(b"")  # where it ends cannot be told from where it broke off
    body = bytearray()
    while chunk := answer.read(65536, decode_content=False):
        body += chunk
        if len(body) > MAX_BODY:
            answer.close()
            return b""
    return bytes(body)
