"""`run TASK-ID --plan`: what would be written."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_gate.cli.output import columns, emit
from runbook_gate.cli.settings import require_store
from runbook_gate.cli.telling import Teller
from runbook_gate.configuration import Settings
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.models.decision import Decision
from runbook_gate.plan import plan_task
from runbook_gate.printable import printable


def show_plan(chosen: Settings, task_id: str, output: str) -> ExitStatus:
    """Print the plan.

    Returns:
        COMPLETE if the run would go on or wait, ESCALATED if it would escalate.

    Raises:
        UsageFault: the task is not queued.
    """
    require_store(chosen)
    decision = plan_task(chosen, task_id, Teller())
    emit(output, {"plan": decision.model_dump(mode="json")}, lambda: "\n".join(_text(task_id, decision)))
    return ExitStatus.ESCALATED if decision.verdict == "escalate" else ExitStatus.COMPLETE


def _text(task_id: str, decision: Decision) -> Iterator[str]:
    following = decision.next
    yield f"Plan of task {task_id}: {decision.checkpoint} says {decision.verdict}, next {following.action}."
    # Only a write leads to cp2 with labels, whatever the runbook calls it.
    if following.checkpoint == "cp2" and "labels" in following.params:
        yield f"Would write to namespace {following.params['namespace']}:"
        labels = sorted(following.params["labels"].items())
        yield from columns([(key, "(removed)" if value is None else value) for key, value in labels], indent="  ")
    for denial in decision.denials:
        yield f"  {denial.code}: {printable(denial.message)}. {printable(denial.solution)}"
    yield "Nothing was written."
