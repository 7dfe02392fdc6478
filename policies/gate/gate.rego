# METADATA
# title: Checkpoint gate
# description: Decides what a run may do next. Knows no check and no action by name.
# schemas:
#   - input: schema.decision_input
package gate

import future.keywords.not

import data.facts.denial
import data.facts.lookup
import data.facts.run

# METADATA
# title: Decision
# description: The one document the executor asks for. Defined for every input.
# entrypoint: true
decision := object.union(_echo, {
	"schema": 1,
	"runbook": _runbook,
	"verdict": _verdict,
	"next": _next,
	"denials": sort(denials),
})

# METADATA
# title: Denials
# description: What the checks of this checkpoint found, and what the gate itself misses.
denials := _findings | deny

# METADATA
# title: The bundle does not have the runbook that the task names
# custom:
#   code: gate.unknown_runbook
#   solution: Submit the task again with a runbook and revision that this bundle has.
deny contains denial.of(rego.metadata.rule(), lookup.at([["opened", "body", "task", "runbook"]])) if {
	not is_object(run.runbook)
}

# METADATA
# title: The runbook names no check for this step and checkpoint
# custom:
#   code: gate.nothing_to_check
#   solution: Add the checkpoint and its checks to a new revision of the runbook.
deny contains denial.of(rego.metadata.rule(), lookup.at([["step"], ["checkpoint"]])) if {
	is_object(run.runbook)
	not run.checkpoint.checks[0]
}

# METADATA
# title: A check neither passes nor says why
# description: |
#   A check that the bundle lacks, and one that is silent while no other check denies. A check keeps silent
#   about a fact that another one denies on, such as a source that does not answer.
# custom:
#   code: gate.check_silent
#   solution: Add the check to the bundle, or give it a denial for what its pass wants.
deny contains denial.of(rego.metadata.rule(), {"check": check}) if {
	some check in run.checkpoint.checks
	not data.checks[check].pass
	_unexplained(check)
}

# METADATA
# title: The facts single out no next action
# custom:
#   code: gate.action_undecided
#   solution: Compare the live objects with the task; the runbook's actions must exclude each other.
deny contains denial.of(rego.metadata.rule(), {"wanted": _wanted, "possible": [one.action | some one in _proposals]}) if {
	_wanted != "escalate"
	count(_proposals) != 1
}

# METADATA
# title: The run's deadline has passed
# description: Past it nothing is waited for, tried again or written. What was read may still end the run.
# custom:
#   code: gate.deadline_passed
#   solution: Look at the other denials; a new task needs a new prequalification.
deny contains denial.of(rego.metadata.rule(), lookup.at([["now_ms"], ["opened", "body", "deadline_ms"]])) if {
	_wants_time
	not _in_time
}

# What the input lacks, the answer lacks too; the executor then refuses the answer.
_echo[key] := input[key] if some key in ["run_id", "step", "checkpoint", "ledger_head"]

_echo["input_sha256"] := crypto.sha256(json.marshal(input))

default _runbook := "unknown"

_runbook := run.task.runbook if is_string(run.task.runbook)

default _verdict := "escalate"

_verdict := _wanted if count(deny) == 0

_next := object.union(_proposals[0], {"until_ms": _until_ms}) if {
	count(deny) == 0
	_wanted != "escalate"
} else := {
	"action": "escalate",
	"step": _step,
	"checkpoint": null,
	"until_ms": null,
	"params": _last_words,
}

# What is known about a write that may still land.
default _last_words := {}

_last_words := data.actions.escalate.params

default _step := "unknown"

_step := input.step if is_string(input.step)

# A finding asks for what the runbook answers it with, else for escalation; what does least wins.
default _wanted := "escalate"

_wanted := run.checkpoint.pass if {
	count(_findings) == 0
	every check in run.checkpoint.checks { data.checks[check].pass }
}

_wanted := "retry" if _answers == {"retry"}

_wanted := "wait" if {
	"wait" in _answers
	_answers - {"wait", "retry"} == set()
}

_answers contains object.get(run.checkpoint, ["answers", finding.code], "escalate") if some finding in _findings

_findings contains finding if {
	some check in run.checkpoint.checks
	some finding in data.checks[check].deny
}

_unexplained(check) if not is_set(data.checks[check].deny)

_unexplained(_) if count(_findings) == 0

# Where a candidate names no step, the run stays in the one that was asked.
_proposals := [{
	"action": candidate.action,
	"step": object.get(candidate, "step", _step),
	"checkpoint": candidate.checkpoint,
	"params": data.actions[candidate.action].params,
} |
	some candidate in run.checkpoint.next[_wanted]
]

_wants_time if _wanted in {"wait", "retry"}

_wants_time if {
	_wanted != "escalate"
	run.checkpoint.stops_at_deadline == true
}

_wants_time if {
	some proposal in _proposals
	run.runbook.effects[proposal.action] == "write"
}

_in_time if {
	is_number(input.now_ms)
	is_number(input.opened.body.deadline_ms)
	input.now_ms < input.opened.body.deadline_ms
}

default _until_ms := null

_until_ms := min([input.now_ms + run.runbook.limits_ms.pause[input.checkpoint], input.opened.body.deadline_ms]) if {
	_wanted == "wait"
	_in_time
}
