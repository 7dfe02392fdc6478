"""Every exception of the libraries below the client has an outcome."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator

import kubernetes.client.exceptions
import kubernetes.config.config_exception
import pytest
import urllib3.exceptions

from runbook_gate.cluster.outcomes import REQUEST_FAILURES, transport_outcome
from runbook_gate.wire.wire import NotSentError

ROOTS: tuple[type[Exception], ...] = (
    urllib3.exceptions.HTTPError,
    kubernetes.client.exceptions.OpenApiException,
    http.client.HTTPException,
    ssl.SSLError,
    OSError,
)


def _classes(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from _classes(child)


def _declared(module: object) -> Iterator[type[Exception]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, Warning):
            yield value


ALL = {kind for root in ROOTS for kind in _classes(root)} | {
    *_declared(urllib3.exceptions),
    *_declared(kubernetes.client.exceptions),
    *_declared(kubernetes.config.config_exception),
    socket.timeout,
    socket.gaierror,
    UnicodeError,
}
TIMEOUTS = (TimeoutError, urllib3.exceptions.TimeoutError)


@pytest.mark.parametrize("kind", sorted(ALL, key=repr))
def test_every_exception_is_mapped_by_how_far_the_request_got(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    assert isinstance(error, REQUEST_FAILURES)
    assert transport_outcome(error, sent=False, expired=False) == "refused"
    assert transport_outcome(error, sent=False, expired=True) == "refused"
    assert transport_outcome(error, sent=True, expired=True) == "timed_out"
    expected = "timed_out" if isinstance(error, TIMEOUTS) else "lost"
    assert transport_outcome(error, sent=True, expired=False) == expected


@pytest.mark.parametrize("sent", [False, True])
def test_giving_up_is_not_sent(*, sent: bool) -> None:
    assert transport_outcome(NotSentError(), sent=sent, expired=False) == "not_sent"
