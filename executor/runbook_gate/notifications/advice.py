"""How to mend what keeps notifications from being delivered."""

from __future__ import annotations

from typing import Final

_ADVICE: Final = {
    "refused": "Check `notifications.url`, and that the receiver listens there.",
    "timed_out": "Let the receiver answer before it does its work, or raise `notifications.timeout_s`.",
    "broke_off": "The receiver ended the connection before its answer was whole; look at its log.",
    "certificate": "Name the receiver's authority as `notifications.ca_file`; its certificate must be for this host.",
    "tls": "Check that the receiver speaks TLS 1.2 or newer on that port.",
    "redirect": "Set `notifications.url` to where the receiver really is; no redirect is followed.",
    "no_receiver": "Set `notifications.url` and `notifications.secret_file`.",
    "no_secret": "Let `notifications.secret_file` hold one or two lines: whsec_ and the base64 of 24 to 64 bytes.",
    "no_ca": "Let `notifications.ca_file` name a PEM file with at least one certificate.",
    "ledger_broken": "Keep the store as it is and run `runbook-gate ledger verify`.",
    "http_401": "Give receiver and `notifications.secret_file` the same secret, and compare their clocks.",
    "http_403": "Give receiver and `notifications.secret_file` the same secret, and compare their clocks.",
    "http_404": "Check the path of `notifications.url`.",
    "http_410": "The receiver says that it is gone for good: set `notifications.url` to its successor.",
}


def advice(problem: str) -> str:
    """One sentence for people.

    Args:
        problem: stable name of what went wrong.
    """
    return _ADVICE.get(problem, "Look at the receiver's log: it answered, but did not take the event.")
