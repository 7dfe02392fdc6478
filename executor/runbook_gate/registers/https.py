"""A register that answers over HTTPS: a bearer token, JSON, page after page until there is no next (docs/registers.md).

- The deadline and the size limit hold for all pages together. Nothing is asked twice, and no redirect is followed.
- Proxies, netrc and authorities of the environment are ignored. Token and authorities are read anew for each answer.
- No answer is `unanswered`, a wrong one `malformed`: what either means is the gate's to say.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from urllib3 import PoolManager

from runbook_gate import __version__
from runbook_gate.bearer import NoTokenError, bearer
from runbook_gate.clock import Clock
from runbook_gate.configuration import RegisterEndpoint
from runbook_gate.documents import Limits, Malformed, load_document
from runbook_gate.registers.envelope import NotAnEnvelopeError
from runbook_gate.registers.pages import MOST_PAGES, next_page
from runbook_gate.registers.protocol import RawAnswer
from runbook_gate.registers.request import NoPageError, get
from runbook_gate.wire.trust import trusting
from runbook_gate.wire.wire import Wire

MAX_SIZE: Final = Limits().size


class HttpsRegister:
    """One register behind an endpoint.

    Args:
        endpoint: where it is, and with which token and authorities.
        clock: for the moment of reading.
    """

    def __init__(self, endpoint: RegisterEndpoint, clock: Clock) -> None:
        self._endpoint, self._clock = endpoint, clock
        self._wire = Wire()

    def read(self) -> RawAnswer:
        """Read the register, whole."""
        try:
            with self._wire.request(self._endpoint.timeout_s), self._manager() as manager:
                first, *further = self._pages(manager, self._headers())
        except NoPageError as fault:
            return RawAnswer(fault.outcome, fault.problem, self._clock.read().at_ms)
        if self._wire.expired:  # what it cut may look whole
            return RawAnswer("unanswered", "timed_out", self._clock.read().at_ms)
        return RawAnswer("answered", None, self._clock.read().at_ms, first, tuple(further))

    def _pages(self, manager: PoolManager, headers: dict[str, str]) -> list[bytes]:
        parts = urlsplit(self._endpoint.url)
        path: str | None = parts.path or "/"
        pages: dict[str, bytes] = {}
        while path is not None:
            if path in pages or len(pages) == MOST_PAGES:
                raise NoPageError("malformed", "next_repeats" if path in pages else "too_many_pages")
            pages[path] = get(
                manager,
                f"{parts.scheme}://{parts.netloc}{path}",
                headers,
                seconds=self._endpoint.timeout_s,
                room=MAX_SIZE - sum(map(len, pages.values())),
                first=not pages,
                late=lambda: self._wire.expired,
            )
            path = _following(pages[path])
        return list(pages.values())

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers["User-Agent"] = f"runbook-gate/{__version__}"
        if self._endpoint.token_file is not None:
            try:
                headers["Authorization"] = f"Bearer {bearer(self._endpoint.token_file)}"
            except NoTokenError:
                raise NoPageError("unanswered", "no_token") from None
        return headers

    def _manager(self) -> PoolManager:
        try:
            return trusting(self._endpoint.ca_file, self._wire)
        except OSError:  # ssl.SSLError is one
            raise NoPageError("unanswered", "no_ca") from None


def _following(page: bytes) -> str | None:
    try:
        return next_page(load_document(page, source="page.json"))
    except (Malformed, NotAnEnvelopeError) as fault:
        raise NoPageError("malformed", fault.problem) from None
