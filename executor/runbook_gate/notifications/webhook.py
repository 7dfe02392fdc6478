"""One POST of one event, signed, and every way in which the receiver does not take it, by name.

- One deadline for all of it; of the answer only the status is kept. No proxy, netrc, redirect or cookie.
- 2xx is taken, once what the answer announces of its body has come, or MOST of it. Everything else is not.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

from urllib3 import PoolManager

from runbook_gate import __version__
from runbook_gate.clock import Clock
from runbook_gate.configuration import Notifications
from runbook_gate.notifications.event import CONTENT_TYPE
from runbook_gate.notifications.signing import NoSecretError, secrets_of, signed
from runbook_gate.wire.faults import FAULTS, named
from runbook_gate.wire.trust import trusting
from runbook_gate.wire.wire import Wire

MOST: Final = 64 * 1024
_CHUNK: Final = 16 * 1024


class Webhook:
    """The configured receiver.

    Args:
        receiver: where it is, and with which secrets and authorities; they are read anew for each request.
        clock: stamps each request.
    """

    def __init__(self, receiver: Notifications, clock: Clock) -> None:
        self._receiver, self._clock = receiver, clock
        self._wire = Wire()

    def send(self, notification: str, body: bytes, seconds: float) -> str | None:
        """Send an event.

        Args:
            notification: its id.
            body: the event.
            seconds: how long that may take.

        Returns:
            None if the receiver took it, else the stable name of what went wrong.
        """
        receiver = self._receiver
        if receiver.url is None or receiver.secret_file is None:
            return "no_receiver"
        try:
            keys = secrets_of(receiver.secret_file)
        except NoSecretError:
            return "no_secret"
        headers = signed(keys, notification, self._clock.read().at_ms // 1000, body)
        try:
            manager = trusting(receiver.ca_file, self._wire)
        except OSError:  # ssl.SSLError is one
            return "no_ca"
        with self._wire.request(seconds), manager:
            return self._posted(manager, receiver.url, headers, body, seconds)

    def _posted(
        self, manager: PoolManager, url: str, headers: dict[str, str], body: bytes, seconds: float
    ) -> str | None:
        told = {**headers, "Content-Type": CONTENT_TYPE, "User-Agent": f"runbook-gate/{__version__}"}
        try:
            response: Any = manager.request(
                "POST",
                url,
                body=body,
                headers={**told, "Accept-Encoding": "identity"},
                timeout=seconds,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            with closing(response):
                if 200 <= response.status < 300:
                    _read(response)
                self._wire.after_answer()
        except FAULTS as fault:
            return "timed_out" if self._wire.expired else named(fault)
        return _problem(response.status)


def _read(response: Any) -> None:
    came = 0
    for chunk in response.stream(_CHUNK, decode_content=False):
        came += len(chunk)
        if came > MOST:
            return


def _problem(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return "redirect" if 300 <= status < 400 else f"http_{status}"
