"""Every failure of a request as one of the few outcomes that are recorded.

What counts is how far the request got, not the library's name for the failure: before the first byte was sent
nothing can have been done, after it everything can. The error itself is dropped: its text may hold anything.
"""

from __future__ import annotations

import http.client
from typing import Final

import urllib3.exceptions
from kubernetes.client.exceptions import OpenApiException
from kubernetes.config.config_exception import ConfigException

from runbook_gate.models.http import Transport
from runbook_gate.wire.wire import NotSentError

REQUEST_FAILURES: Final = (
    NotSentError,
    urllib3.exceptions.HTTPError,
    OpenApiException,
    ConfigException,
    http.client.HTTPException,
    OSError,
    ValueError,
)
_TIMEOUTS: Final = (TimeoutError, urllib3.exceptions.TimeoutError)


def transport_outcome(error: Exception, *, sent: bool, expired: bool) -> Transport:
    """Name what became of a request that failed.

    Args:
        error: one of REQUEST_FAILURES.
        sent: whether sending had begun.
        expired: whether the deadline of the whole request ended it.

    Returns:
        not_sent if it was given up, refused if no connection stood, else timed_out or lost.
    """
    if isinstance(error, NotSentError):
        return "not_sent"
    if not sent:
        return "refused"
    return "timed_out" if expired or isinstance(error, _TIMEOUTS) else "lost"
