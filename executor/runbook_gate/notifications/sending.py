"""Brings what is due to the receiver: a little at the end of each command that runs something, the rest with the next.

- `work` sends while its runs go on.
- Nothing is sent before it is durable, and no run waits for it.
- All of it takes `timeout_s` at most; after a fault of the receiver it is left in peace for a while (ledger/outbox.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from runbook_gate.clock import Clock
from runbook_gate.configuration import Settings
from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import OF_ONE, Notification, Store
from runbook_gate.notifications.event import event_bytes
from runbook_gate.notifications.webhook import Webhook

Awaiting = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Sent:
    """One attempt.

    Attributes:
        notification: as it was before.
        problem: stable name of what went wrong; None if the receiver took it.
    """

    notification: Notification
    problem: str | None


def notify_due(
    store: Store,
    settings: Settings,
    clock: Clock,
    *,
    first: str | None = None,
    stopping: Callable[[], bool] = lambda: False,
    awaiting: Awaiting = nullcontext,
) -> list[Sent]:
    """Send what is due, the longest due first, within `notifications.timeout_s`. Without a receiver it does nothing.

    Args:
        store: the ledger.
        settings: the configuration.
        clock: wall and boot time.
        first: a run whose own notification comes before all others.
        stopping: true asks to begin nothing more.
        awaiting: makes a block for what only awaits an answer; it may raise out of it to give the answer up.

    Returns:
        The attempts. One fault of the receiver ends them.

    Raises:
        LedgerFault: the store cannot be read or written.
    """
    if settings.notifications.url is None:
        return []
    sender = _Sender(store, settings, clock, awaiting)
    sent: list[Sent] = []
    end_ms = clock.read().boottime_ms + sender.longest_ms
    # Half of the time has to be left: an answer that is usual for the receiver should not be cut off.
    while not stopping() and (left_ms := end_ms - clock.read().boottime_ms) * 2 >= sender.longest_ms:
        found = store.outbox.due(first=first)
        if found is None:
            break
        if store.outbox.reserve(found):
            sent.append(sender.send(found, left_ms / 1000))
    return sent


def retry(store: Store, settings: Settings, clock: Clock, wanted: Iterable[Notification]) -> list[Sent]:
    """Send these now, whether or not they are due; up to the first fault that is of the receiver.

    Args:
        store: the ledger.
        settings: the configuration.
        clock: wall and boot time.
        wanted: them; those that were delivered, and those that somebody else sends just now, are left out.

    Returns:
        The attempts.

    Raises:
        LedgerFault: the store cannot be read or written.
    """
    sender = _Sender(store, settings, clock, nullcontext)
    sent: list[Sent] = []
    for found in wanted:
        if sent and sent[-1].problem and sent[-1].problem not in OF_ONE:
            break
        if store.outbox.reserve(found):
            sent.append(sender.send(found, sender.longest_ms / 1000))
    return sent


class _Sender:
    def __init__(self, store: Store, settings: Settings, clock: Clock, awaiting: Awaiting) -> None:
        self._store, self._awaiting = store, awaiting
        self._webhook = Webhook(settings.notifications, clock)
        self.longest_ms = settings.notifications.timeout_s * 1000

    def send(self, reserved: Notification, seconds: float) -> Sent:
        try:
            body = event_bytes(self._store.outbox.telling(reserved.id))
        except LedgerBroken:  # `ledger verify` says where
            problem: str | None = "ledger_broken"
        else:
            with self._awaiting():
                problem = self._webhook.send(reserved.id, body, seconds)
        self._store.outbox.settle(reserved.id, problem)
        return Sent(reserved, problem)
