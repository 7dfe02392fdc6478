"""Asks the gate its one question, through opa-python-client, and keeps the exact bytes of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from runbook_gate import resources
from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.core.acceptance import Accepted, Question, RawAnswer, accept, served_by
from runbook_gate.errors import NoDecision, SidecarFault
from runbook_gate.gate.address import Address
from runbook_gate.gate.transport import ExactAdapter
from runbook_gate.models.bodies import Answer, Request
from runbook_gate.models.runbook import Pins

__all__ = ["PARAMETERS", "PATH", "Address", "Exchange", "Gate", "OpaGate"]

PATH: Final = "/v1/data/gate/decision"
PARAMETERS: Final = {"provenance": "true", "strict-builtin-errors": "true"}


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


class OpaGate:
    """A gate behind a sidecar.

    Args:
        address: where it listens.
        timeout_s: for one answer, from connecting to its last byte.

    Raises:
        SidecarFault: the address is none that may be asked.
    """

    def __init__(self, address: Address, *, timeout_s: float) -> None:
        from opa_client.opa import OpaClient  # noqa: PLC0415 - takes as long as all else together

        host, port, tls = address.checked()
        self._adapter = ExactAdapter(timeout_s=timeout_s, socket_path=address.socket)
        self._client = OpaClient(host=host, port=port, ssl=tls, timeout=timeout_s, retries=0)
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
        """Ask for a decision on an input. A fault is an outcome, not an exception."""
        plain = gate_bytes(document)
        sent = b'{"input":' + plain + b"}"
        question = Question(
            document["run_id"],
            document["step"],
            document["checkpoint"],
            document["ledger_head"],
            sha256_hex(plain),
        )
        raw = self._post(sent)
        try:
            outcome: Accepted | NoDecision = accept(question, raw, pins, resources.schema("decision"))
        except NoDecision as refused:
            outcome = refused
        return _exchange(question, sent, raw, outcome)

    def revision(self) -> tuple[str, str | None]:
        """OPA's version, and the revision of the one bundle that it serves; None if it serves none or several.

        Raises:
            SidecarFault: if nothing answers as OPA does.
        """
        try:
            return served_by(self._post(b'{"input":{}}'))
        except NoDecision as refused:
            raise SidecarFault(f"The OPA sidecar cannot be asked for its version: {refused}") from refused

    def _post(self, sent: bytes) -> RawAnswer:
        self._adapter.body = sent
        self._client.query_rule({}, "gate", "decision", query_params=PARAMETERS)
        return self._adapter.answer


def _exchange(question: Question, sent: bytes, raw: RawAnswer, outcome: Accepted | NoDecision) -> Exchange:
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
