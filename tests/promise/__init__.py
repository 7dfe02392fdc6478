"""What must hold after any crash, fault, takeover or clock step: one function over a ledger and an audit log."""

from tests.promise.audit import events_of
from tests.promise.broken import broken

__all__ = ["broken", "events_of"]
