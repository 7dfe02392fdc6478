"""Everything that a run needs, checked before one: one line each, with the remedy."""

from runbook_gate.doctor.examination import Finding, examine

__all__ = ["Finding", "examine"]
