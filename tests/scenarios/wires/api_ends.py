"""How a run ends in which one request met one fault: the table that the matrix is held to.

A read, a dry run or a probe that is not answered waits under a code that says what is lacking, whatever the fault
was, and is made again. What becomes of a write depends on the fault, and on whether it is the first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.scenarios.wires.api_wire import Spot

# The checkpoint that is asked after what the executor told.
CHECKPOINTS: Final = {
    "decided:cp0:proceed": "cp1",
    "decided:cp2:retry": "cp1",
    "observed:patch_labels": "cp2",
    "decided:cp2:wait": "cp2",
    "decided:cp2:proceed": "cp3",
    "decided:cp3:wait": "cp3",
    "decided:cp3:proceed": "cp4",
}

# Under which code a request waits that is not answered; None where nobody needs the answer.
WAITS: Final[dict[tuple[str, str], str | None]] = {
    ("cp1", "read of kube-system"): "cluster_identity.unanswered",
    ("cp1", "question who we are"): "cluster_identity.unanswered",
    ("cp1", "read of the namespace"): "namespace_identity.unanswered",
    ("cp1", "dry run of the write"): "dry_run_agreement.unanswered",
    ("cp2", "read of the namespace"): "namespace_identity.unanswered",
    ("cp3", "read of the namespace"): "namespace_identity.unanswered",
    ("cp3", "probe"): "verification_reconciliation.unanswered",
    ("cp4", "read of kube-system"): "cluster_identity.unanswered",
    ("cp4", "question who we are"): "cluster_identity.unanswered",
    ("cp4", "read of the namespace"): "namespace_identity.unanswered",
    ("cp4", "dry run of the write"): None,
}


@dataclass(frozen=True)
class End:
    """How a run ends.

    Attributes:
        writers: who is said to have written the tuple, one of these; empty where the run escalates.
        codes: of the escalation.
        waits: checkpoint and code of each wait that is not one of time.
        in_doubt: whether the packet says that a write may still land.
    """

    writers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    waits: tuple[tuple[str, str], ...] = ()
    in_doubt: bool = False


_REFUSED = "retry_eligibility.refused"
_SPENT = "retry_eligibility.budget_spent"
_FIRST, _SECOND = End(("attempt_1",)), End(("attempt_2",))

FIRST_WRITE: Final = {
    "answered after the deadline": _FIRST,
    # The second one is decided while the first is delivered: either may land, and one of them does.
    "delivered after the deadline": End(("attempt_1", "attempt_2")),
    "reset before delivery": _SECOND,
    "reset after delivery": _FIRST,
    "half an answer": _FIRST,
    "429 with Retry-After": End(codes=(_REFUSED,)),
    "500": End(codes=(_REFUSED,), in_doubt=True),
    "503 with Retry-After": End(codes=(_REFUSED,), in_doubt=True),
    "504 before commit": _SECOND,
    "504 after commit": _FIRST,
}

# After a first one that was lost, and is in doubt until the namespace moves.
SECOND_WRITE: Final = {
    "answered after the deadline": _SECOND,
    "delivered after the deadline": End(codes=(_SPENT,), in_doubt=True),
    "reset before delivery": End(codes=(_SPENT,), in_doubt=True),
    "reset after delivery": _SECOND,
    "half an answer": _SECOND,
    "429 with Retry-After": End(codes=(_REFUSED,), in_doubt=True),
    "500": End(codes=(_REFUSED,), in_doubt=True),
    "503 with Retry-After": End(codes=(_REFUSED,), in_doubt=True),
    "504 before commit": End(codes=(_SPENT,), in_doubt=True),
    "504 after commit": _SECOND,
}


def end_of(spot: Spot, fault: str, writer: str) -> End:
    """How a run ends.

    Args:
        spot: which request met the fault.
        fault: which one.
        writer: who writes the tuple in the same run without it.
    """
    if spot.kind == "write":
        return (FIRST_WRITE, SECOND_WRITE)[spot.time - 1][fault]
    checkpoint = CHECKPOINTS[spot.moment]
    code = WAITS[checkpoint, spot.kind]
    return End((writer,), waits=((checkpoint, code),) if code else ())
