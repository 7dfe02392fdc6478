"""Every way in which a request over urllib3 brings no answer, by name. No name holds anything of what was said."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from typing import Final

from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as PoolTimeout

from runbook_gate.wire.wire import NotSentError

FAULTS: Final = (HTTPError, http.client.HTTPException, OSError, ValueError, NotSentError)
_LATE: Final = (TimeoutError, PoolTimeout, NotSentError)


def named(fault: BaseException) -> str:
    """Name one of FAULTS: refused, timed_out, certificate, tls or broke_off."""
    if isinstance(fault, NewConnectionError):  # urllib3 counts it among the timeouts
        return "refused"
    if isinstance(fault, _LATE):
        return "timed_out"
    causes = list(_causes(fault))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "certificate"
    return "tls" if any(isinstance(cause, ssl.SSLError) for cause in causes) else "broke_off"


def _causes(fault: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = fault
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__
