"""Asks the gate its one question, through opa-python-client, and keeps the exact bytes of both sides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import requests
from opa_client.opa import OpaClient

from runbook_gate import resources
from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.core.acceptance import Accepted, Question, RawAnswer, accept, members_of
from runbook_gate.errors import NoDecision, SidecarFault
from runbook_gate.gate.transport import AnswerTooLarge, ExactAdapter
from runbook_gate.models.bodies import Answer, Request
from runbook_gate.models.runbook import Pins

PATH = "/v1/data/gate/decision"
PARAMETERS: Mapping[str, Any] = {"provenance": True, "strict-builtin-errors": True}


@dataclass(frozen=True)
class Exchange:
    """One question and what came back, as exact bytes and as the ledger records it.

    Attributes:
        sent: the request body.
        received: the answer body, None without one.
        request: digests of what was asked.
        answer: digests of what came back.
        outcome: the decision, or why there is none.
    """

    sent: bytes
    received: bytes | None
    request: Request
    answer: Answer
    outcome: Accepted | NoDecision


class Gate(Protocol):
    """What the loop asks."""

    def ask(self, document: dict[str, Any], pins: Pins) -> Exchange:
        """Ask for a decision on an input. A fault is an outcome, not an exception."""
        ...


@dataclass(frozen=True)
class Address:
    """Where a sidecar listens: a unix socket, or an http URL on loopback, or https."""

    socket: str | None = None
    url: str | None = None


class OpaGate:
    """A gate behind a sidecar.

    Args:
        address: where it listens.
        timeout_s: for one answer.
    """

    def __init__(self, address: Address, *, timeout_s: float) -> None:
        self._base = _checked(address)
        self._adapter = ExactAdapter(timeout_s=timeout_s, socket_path=address.socket)
        parts = urlsplit(self._base)
        self._client = OpaClient(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 80),
            ssl=parts.scheme == "https",
            timeout=timeout_s,
            retries=0,
        )
        session = self._client._session
        session.trust_env = False
        session.max_redirects = 0
        session.verify = True
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)

    def close(self) -> None:
        """Close the connection."""
        self._client.close_connection()

    def ask(self, document: dict[str, Any], pins: Pins) -> Exchange:
        """Ask for a decision on an input."""
        plain = gate_bytes(document)
        sent = b'{"input":' + plain + b"}"
        raw = self._post(sent)
        question = Question(
            document["run_id"],
            document["step"],
            document["checkpoint"],
            document["ledger_head"],
            sha256_hex(plain),
        )
        try:
            outcome: Accepted | NoDecision = accept(question, raw, pins, resources.schema("decision"))
        except NoDecision as refused:
            outcome = refused
        received = raw.body if raw.status is not None else None
        return Exchange(
            sent,
            received,
            Request(
                path=PATH,
                query=urlencode(PARAMETERS),
                body_sha256=sha256_hex(sent),
                input_sha256=question.input_sha256,
            ),
            Answer(
                status=raw.status,
                body_sha256=sha256_hex(received) if received is not None else None,
                result_sha256=sha256_hex(outcome.result) if isinstance(outcome, Accepted) else None,
            ),
            outcome,
        )

    def revision(self) -> tuple[str, str | None]:
        """OPA's version, and the revision of the one bundle that it serves; None if it serves none or several.

        Raises:
            SidecarFault: if nothing answers.
        """
        raw = self._post(b'{"input":{}}')
        try:
            provenance = json.loads(members_of(raw.body)["provenance"])
            revisions = [bundle["revision"] for bundle in provenance.get("bundles", {}).values()]
            return str(provenance["version"]), revisions[0] if len(revisions) == 1 else None
        except (ValueError, KeyError, TypeError):
            raise SidecarFault("The OPA sidecar does not answer.") from None

    def _post(self, sent: bytes) -> RawAnswer:
        self._adapter.body, self._adapter.answer = sent, None
        failure = None
        try:
            self._client.query_rule({}, "gate", "decision", query_params=dict(PARAMETERS))
        except requests.TooManyRedirects:
            failure = "redirect"
        except requests.Timeout:
            failure = "timeout"
        except AnswerTooLarge:
            failure = "too_large"
        except (requests.RequestException, ValueError):
            # An HTTP status or a body that is not JSON is judged from the kept bytes.
            failure = None if self._adapter.answer else "unreachable"
        status, content_type, body = self._adapter.answer or (None, "", b"")
        return RawAnswer(failure, status, content_type, body)


def _checked(address: Address) -> str:
    if address.socket:
        return "http://localhost:80"
    parts = urlsplit(address.url or "")
    loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme == "https" or (parts.scheme == "http" and loopback):
        return address.url or ""
    raise SidecarFault(
        "The OPA sidecar's URL is plain http beyond loopback.",
        advice="Use a unix socket, http on loopback, or https.",
    )
