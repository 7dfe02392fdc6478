"""Connections to one replay sidecar: many inputs in one request, and the one request that production makes."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import requests

from runbook_gate.core.acceptance import RawAnswer, members_of
from runbook_gate.gate.client import PARAMETERS, PATH
from runbook_gate.gate.transport import ExactAdapter

_BATCH_PATH: Final = "/v1/data/replay/decisions"
_STRICT: Final = {name: value for name, value in PARAMETERS.items() if name != "provenance"}
_TIMEOUT_S: Final = 300.0  # ends a policy that never ends, and nothing else


class Unanswered(Exception):
    """The sidecar did not answer with a result.

    Attributes:
        code: stable name of what it did.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Wire:
    """One connection, kept alive; for one thread at a time.

    Args:
        socket_path: where the sidecar listens.
    """

    def __init__(self, socket_path: str) -> None:
        self._adapter = ExactAdapter(timeout_s=_TIMEOUT_S, socket_path=socket_path)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", self._adapter)

    def batch(self, inputs: list[bytes]) -> list[bytes | None]:
        """The exact bytes of each decision, None where it is undefined.

        Raises:
            Unanswered: nothing is known of any of them; one may have spoilt the request for all.
        """
        members = self._ask(_BATCH_PATH, _STRICT, b'{"input":{"batch":[' + b",".join(inputs) + b"]}}")
        decisions = members_of(members.get("result", b"{}"))
        return [decisions.get(str(position)) for position in range(len(inputs))]

    def single(self, document: bytes) -> bytes | None:
        """The same of one input, asked as the executor asks it.

        Raises:
            Unanswered: there is no decision.
        """
        return self._ask(PATH, PARAMETERS, b'{"input":' + document + b"}").get("result")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _ask(self, path: str, parameters: dict[str, str], body: bytes) -> dict[str, bytes]:
        self._adapter.body = body
        self._session.post(f"http://localhost{path}?{urlencode(parameters)}")
        return _members(self._adapter.answer)


def _members(answer: RawAnswer) -> dict[str, bytes]:
    if answer.failure is not None or answer.status is None:
        raise Unanswered(answer.failure or "unreachable")
    if answer.status != 200:
        raise Unanswered(f"status_{answer.status}")
    try:
        members = members_of(answer.body)
    except ValueError:
        raise Unanswered("not_json") from None
    if "warning" in members:
        raise Unanswered("warning")
    return members
