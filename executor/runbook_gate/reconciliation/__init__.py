"""Whether the ledger has every write that the API server saw, and the API server every write of the ledger."""

from runbook_gate.reconciliation.attempts import Attempt, attempts_of, identities_of
from runbook_gate.reconciliation.comparison import Finding, Reconciliation, compare
from runbook_gate.reconciliation.requests import Requests

__all__ = ["Attempt", "Finding", "Reconciliation", "Requests", "attempts_of", "compare", "identities_of"]
