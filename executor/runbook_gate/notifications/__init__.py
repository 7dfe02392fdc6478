"""Notifications: the entries of the outbox, brought to the receiver at least once (docs/notifications.md)."""

from runbook_gate.notifications.sending import Sent, notify_due, retry

__all__ = ["Sent", "notify_due", "retry"]
