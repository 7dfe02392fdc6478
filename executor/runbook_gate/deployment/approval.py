"""What the namespace baseline approves for one namespace; anything unclear is refused, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.models.register import BaselineRecord, RegisterAnswer
from runbook_gate.registers.projection import register_answer
from runbook_gate.registers.protocol import RegisterSource
from runbook_gate.registers.records import Target, baseline

REGISTER: Final = "namespace_baseline"
_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Approval:
    """The approved state of one namespace.

    Attributes:
        namespace: its name.
        labels: approved value of each label; one that must be absent is left out.
        baseline_version: version of the policy baseline that approved them.
        register_version: version of the register that says so; None if it states none.
        register_sha256: digest of the register's bytes.
    """

    namespace: str
    labels: Mapping[str, str]
    baseline_version: str
    register_version: str | None
    register_sha256: str


def approval(source: RegisterSource, target: Target) -> Approval:
    """Read what is approved for a target.

    Args:
        source: the registers.
        target: the namespace, and the labels that count.

    Raises:
        UsageFault: no namespace can have this name.
        InvalidDocument: the register does not answer in full, or with not exactly one plain record of the target.
    """
    if not _NAMESPACE.fullmatch(target.namespace):
        raise UsageFault(f"{target.namespace!r} is no name of a namespace.")
    answer = register_answer(source.read(REGISTER), target, baseline)
    problem = _problem(answer, target)
    if problem:
        raise InvalidDocument(
            f"{REGISTER}, namespace {target.namespace}: {problem}.",
            advice="Have the register's owner mend it; nothing was written.",
        )
    [record] = answer.records
    return Approval(
        namespace=target.namespace,
        labels={key: value for key, value in (record.labels or {}).items() if value is not None},
        baseline_version=record.policy_baseline_version or "",
        register_version=answer.version,
        register_sha256=answer.sha256 or "",
    )


def _problem(answer: RegisterAnswer[BaselineRecord], target: Target) -> str | None:
    if answer.outcome != "answered":
        return f"the register is {answer.outcome} ({answer.problem})"
    if not answer.complete or answer.total != len(answer.records) + answer.dropped:
        return "the register is incomplete"
    if len(answer.records) != 1:
        return f"{len(answer.records)} records of it on {target.cluster_id}, expected one"
    return _problem_of_record(answer.records[0], target)


def _problem_of_record(record: BaselineRecord, target: Target) -> str | None:
    rules = {
        "its record is not of exactly this cluster and namespace": (record.cluster_id, record.namespace)
        == (target.cluster_id, target.namespace),
        "its record has no policy_baseline_version": bool(record.policy_baseline_version),
        "its record approves none of the runbook's labels, or in a form that is not text": any(
            (record.labels or {}).values()
        ),
    }
    return next((problem for problem, kept in rules.items() if not kept), None)
