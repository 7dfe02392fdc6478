"""Everything that a run needs, checked before one: one finding each, with the remedy. It makes and changes nothing."""

from runbook_gate.doctor.examination import Finding, examine

__all__ = ["Finding", "examine"]
