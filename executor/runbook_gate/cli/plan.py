"""`run TASK-ID --plan`: what would be written."""

from __future__ import annotations

from runbook_gate.cli.output import emit
from runbook_gate.cli.telling import Teller
from runbook_gate.configuration import Settings
from runbook_gate.models.decision import Decision
from runbook_gate.session import plan_task


def show_plan(chosen: Settings, task_id: str, output: str) -> int:
    """Print the plan.

    Returns:
        0 if the run would go on, 10 if it would escalate.
    """
    decision = plan_task(chosen, task_id, Teller())
    emit(output, {"plan": decision.model_dump(mode="json")}, lambda: _text(decision))
    return 10 if decision.verdict == "escalate" else 0


def _text(decision: Decision) -> str:
    following = decision.next
    lines = [f"{decision.checkpoint}: {decision.verdict}, next {following.action}. Nothing was written."]
    if following.action == "patch_labels":
        lines.append(f"Would write to namespace {following.params['namespace']}:")
        labels = following.params["labels"].items()
        lines += [f"  {key}: {value if value is not None else '(removed)'}" for key, value in sorted(labels)]
    lines += [f"  {denial.code}: {denial.message}. {denial.solution}" for denial in decision.denials]
    return "\n".join(lines)
