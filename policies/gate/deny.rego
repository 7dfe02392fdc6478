package gate

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup

# METADATA
# title: The bundle does not have the runbook that the task names
# custom:
#   code: gate.unknown_runbook
#   solution: Submit the task again with a runbook and revision that this bundle has.
deny contains denial.of(rego.metadata.rule(), lookup.at([["opened", "body", "task", "runbook"]])) if {
	not is_object(given.runbook)
}

# METADATA
# title: The runbook names no check for this step and checkpoint
# custom:
#   code: gate.nothing_to_check
#   solution: Add the checkpoint and its checks to a new revision of the runbook.
deny contains denial.of(rego.metadata.rule(), lookup.at([["step"], ["checkpoint"]])) if {
	is_object(given.runbook)
	not given.checkpoint.checks[0]
}

# METADATA
# title: A check neither passes nor says why
# description: |
#   A check that the bundle lacks, and one that is silent while no other check denies. A check may keep silent
#   about a fact that another one denies on, such as a source that does not answer.
# custom:
#   code: gate.check_silent
#   solution: Add the check to the bundle, or give it a denial for what its pass wants.
deny contains denial.of(rego.metadata.rule(), lookup.of_runbook(path)) if {
	some index, check in given.checkpoint.checks
	not data.checks[check].pass
	_unexplained(check)
	path := ["checkpoints", input.step, input.checkpoint, "checks", index]
}

# METADATA
# title: The facts single out no next action
# custom:
#   code: gate.action_undecided
#   solution: Compare the live objects with the task; the runbook's actions have to exclude each other.
deny contains denial.of(rego.metadata.rule(), object.union(wanted, lookup.derived("possible", possible))) if {
	_wanted != "escalate"
	count(_candidates) != 1
	wanted := lookup.derived("wanted", _wanted)
	possible := [candidate.action | some candidate in _candidates]
}

# METADATA
# title: The run's deadline has passed
# description: Past it nothing is waited for, tried again or written. What was read may still end the run.
# custom:
#   code: gate.deadline_passed
#   solution: Look at the other denials; a new task needs a new prequalification.
deny contains denial.of(rego.metadata.rule(), lookup.at([["now_ms"], ["opened", "body", "deadline_ms"]])) if {
	_takes_time
	not _in_time
}

_unexplained(check) if not is_set(data.checks[check].deny)

_unexplained(_) if count(_findings) == 0

_takes_time if _wanted in {"wait", "retry"}

_takes_time if {
	_wanted != "escalate"
	given.checkpoint.stops_at_deadline == true
}

_takes_time if {
	some candidate in _candidates
	given.runbook.effects[candidate.action] == "write"
}

_in_time if {
	is_number(input.now_ms)
	is_number(input.opened.body.deadline_ms)
	input.now_ms < input.opened.body.deadline_ms
}
