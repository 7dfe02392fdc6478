# METADATA
# title: Checkpoint gate
# description: Decides what a run may do next. Knows no check and no action of a runbook by name.
# schemas:
#   - input: schema.decision_input
#   - data.facts.given.runbook: schema.runbook
package gate

import data.facts.given

# METADATA
# title: Decision
# description: The one document the executor asks for. Defined for every input.
# entrypoint: true
decision := object.union(_echo, {
	"schema": 1,
	"runbook": _runbook,
	"verdict": _verdict,
	"next": _next,
	"denials": sort(_findings | deny),
})

# What the input lacks, the answer lacks too; the executor then refuses the answer.
_echo[key] := input[key] if some key in ["run_id", "step", "checkpoint", "ledger_head"]

_echo["input_sha256"] := crypto.sha256(json.marshal(input))

default _runbook := "unknown"

_runbook := given.task.runbook if is_string(given.task.runbook)

default _step := "unknown"

_step := input.step if is_string(input.step)

default _verdict := "escalate"

_verdict := _wanted if count(deny) == 0

_next := _candidates[0] if {
	_verdict != "escalate"
} else := {
	"action": "escalate",
	"step": _step,
	"checkpoint": null,
	"until_ms": null,
	"params": data.actions.escalate.params,
}

_until_ms := null if _wanted != "wait"

_until_ms := min([input.now_ms + pause, input.opened.body.deadline_ms]) if {
	_wanted == "wait"
	pause := given.runbook.limits_ms.pause[input.checkpoint]
	is_number(pause)
	is_number(input.now_ms)
	is_number(input.opened.body.deadline_ms)
}

# What the findings ask for: the runbook says which of their codes are not final. What does least wins.
default _wanted := "escalate"

_wanted := given.checkpoint.pass if {
	count(_findings) == 0
	every check in given.checkpoint.checks { data.checks[check].pass }
}

_wanted := "retry" if _answers == {"retry"}

_wanted := "wait" if {
	"wait" in _answers
	_answers - {"wait", "retry"} == set()
}

_answers contains object.get(given.checkpoint, ["answers", finding.code], "escalate") if some finding in _findings

_findings contains finding if {
	some check in given.checkpoint.checks
	some finding in data.checks[check].deny
}

# What the runbook allows next and the facts call for. Without a step of its own it stays in the one asked.
_candidates := [candidate |
	some allowed in given.checkpoint.next[_wanted]
	candidate := {
		"action": allowed.action,
		"step": object.get(allowed, "step", _step),
		"checkpoint": allowed.checkpoint,
		"until_ms": _until_ms,
		"params": data.actions[allowed.action].params,
	}
]
