"""The wire to OPA: one request, exact bytes both ways, no proxy, no redirect, a deadline and a size limit.

Neither requests nor opa-python-client reads the answer: they get an empty one in its place, so that no redirect is
followed, no cookie kept and nothing decoded or guessed. Every failure of the libraries is mapped here.
"""

from __future__ import annotations

import io
from http.client import HTTPException
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as PoolTimeout

from runbook_gate.core.acceptance import LARGEST_ANSWER, Failure, RawAnswer
from runbook_gate.wire.connections import watch
from runbook_gate.wire.wire import NotSentError, Wire

_CHUNK: Final = 64 * 1024
# Every exception of requests is an OSError.
_FAULTS: Final = (OSError, HTTPError, HTTPException, NotSentError)
_LATE: Final = (TimeoutError, PoolTimeout, requests.Timeout)


class ExactAdapter(HTTPAdapter):
    """Sends the bytes it was given in place of what the client serialized, and keeps the bytes that came back.

    Attributes:
        body: what is sent; None leaves a request as it is.
        answer: what the last request brought.

    Args:
        timeout_s: for everything from connecting to the last byte of the answer.
        socket_path: a unix socket to talk to in place of the URL's host.
    """

    def __init__(self, *, timeout_s: float, socket_path: str | None = None) -> None:
        super().__init__(max_retries=0)
        self.body: bytes | None = None
        self.answer = RawAnswer("unreachable", None, "", b"")
        self._timeout_s = timeout_s
        self._wire = Wire()
        watch(self.poolmanager, self._wire, socket_path)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the signature is that of requests
        timeout: Any = None,  # noqa: ARG002
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,  # noqa: ARG002
    ) -> requests.Response:
        """Send `self.body` once, past any proxy, and keep what comes back.

        Returns:
            An empty answer: the real one is `self.answer`.
        """
        request.headers["Accept-Encoding"] = "identity"
        if self.body is not None:
            request.headers["Content-Type"] = "application/json"
            request.prepare_body(data=self.body, files=None)
        with self._wire.request(self._timeout_s):
            self.answer = self._exchange(request, verify, cert)
        return _nothing(request)

    def _exchange(self, request: requests.PreparedRequest, verify: bool | str, cert: Any) -> RawAnswer:
        try:
            response = super().send(request, stream=True, timeout=self._timeout_s, verify=verify, cert=cert, proxies={})
        except _FAULTS as fault:
            return self._failed("unreachable", fault)
        try:
            body = _read(response)
        except _FAULTS as fault:
            return self._failed("incomplete", fault)
        finally:
            response.close()
        if len(body) > LARGEST_ANSWER:
            return _failure("too_large")
        if self._wire.expired:
            return _failure("timeout")
        return RawAnswer(None, response.status_code, response.headers.get("Content-Type", ""), body)

    def _failed(self, failure: Failure, fault: Exception) -> RawAnswer:
        late = self._wire.expired or isinstance(fault, _LATE)
        return _failure("timeout" if late else failure)


def _read(response: requests.Response) -> bytes:
    """The body as it came, and no more of it than shows that it is too large."""
    content = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=False):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    return bytes(content)


def _failure(failure: Failure) -> RawAnswer:
    return RawAnswer(failure, None, "", b"")


def _nothing(request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url = 200, request.url or ""
    response.request, response.raw = request, io.BytesIO(b"{}")
    return response
