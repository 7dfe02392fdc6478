"""One GET of one page, and every way in which it brings none, by name."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Final

from urllib3 import PoolManager

from runbook_gate.registers.protocol import Outcome
from runbook_gate.wire.faults import FAULTS, named

_CHUNK: Final = 64 * 1024
_JSON: Final = re.compile(r"application/(?:[a-z0-9.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_GONE: Final = (404, 410)
_BODILESS: Final = (204, 304)


class NoPageError(Exception):
    """There is no page. Nothing of what the server said is kept.

    Attributes:
        outcome: whether that is no answer, a wrong one, or that there is no such register.
        problem: stable name of what was wrong.
    """

    def __init__(self, outcome: Outcome, problem: str) -> None:
        super().__init__(problem)
        self.outcome: Outcome = outcome
        self.problem = problem


def get(
    manager: PoolManager,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    room: int,
    first: bool,
    late: Callable[[], bool],
) -> bytes:
    """Ask once for one page.

    Args:
        manager: makes the connection.
        url: of the page.
        headers: of the request.
        seconds: longest time for each part of the request.
        room: most bytes of the body.
        first: whether this is the register's first page.
        late: whether the deadline of all pages ended the connection.

    Raises:
        NoPageError: no page came.
    """
    try:
        response: Any = manager.request(
            "GET",
            url,
            headers=headers,
            timeout=seconds,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        with closing(response):
            if late():  # a head that was cut looks whole
                raise TimeoutError
            _check_head(response, first=first)
            return _body(response, room)
    except FAULTS as fault:
        raise NoPageError("unanswered", "timed_out" if late() else named(fault)) from None


def _check_head(response: Any, *, first: bool) -> None:
    status, headers = response.status, response.headers
    if not (response.chunked or "Content-Length" in headers or status in _BODILESS):
        raise http.client.IncompleteRead(b"")  # where it ends cannot be told from where it broke off, head or body
    if status in (408, 429) or status >= 500:
        raise NoPageError("unanswered", f"http_{status}")
    if status in _GONE:
        raise NoPageError("missing", f"http_{status}") if first else NoPageError("malformed", "page_missing")
    if status != 200:
        raise NoPageError("malformed", "redirect" if 300 <= status < 400 else f"http_{status}")
    if not _JSON.fullmatch(headers.get("Content-Type", "")):
        raise NoPageError("malformed", "not_json")
    if headers.get("Content-Encoding", "identity") != "identity":
        raise NoPageError("malformed", "encoded")


def _body(response: Any, room: int) -> bytes:
    body = bytearray()
    for chunk in response.stream(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > room:
            raise NoPageError("malformed", "too_large")
    return bytes(body)
