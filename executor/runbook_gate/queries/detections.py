"""Which codes tell of which kind of mistake: the only thing here that knows checks by name.

A code stands under one kind at most; a test sees that each code here is one that the policies can give.
"""

from __future__ import annotations

from typing import Final

# A name ending in `.` stands for every code of that check, but for those that say that nothing answered: that a source
# was down tells of no mistake.
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "waiver_mismatch": ("waiver_absence.",),
    "ownership_drift": ("register_agreement.", "drift_agreement."),
    "budget_exhausted": (
        "attempt_order.budget_spent",
        "lineage.budget_exceeded",
        "retry_eligibility.budget_spent",
        "retry_eligibility.retries_spent",
        "retry_eligibility.second_conflict",
    ),
    "verification_failed": ("verification_reconciliation.", "restoration."),
}


OTHER: Final = "other"
UNANSWERED: Final = (
    "waiver_absence.unanswered",
    "register_agreement.unanswered",
    "verification_reconciliation.unanswered",
    "verification_reconciliation.audit_unanswered",
)


def kinds_of(codes: list[str]) -> set[str]:
    """The kinds that some codes tell of; `other` if of none.

    Args:
        codes: codes of denials.
    """
    found = {kind for kind, names in KINDS.items() if any(_is(code, name) for code in codes for name in names)}
    return found or {OTHER}


def _is(code: str, name: str) -> bool:
    return code.startswith(name) and code not in UNANSWERED if name.endswith(".") else code == name
