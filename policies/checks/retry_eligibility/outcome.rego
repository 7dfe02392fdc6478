package checks.retry_eligibility

import future.keywords.not

import data.facts.attempts
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces
import data.facts.run

# METADATA
# title: The API server refused the write, or failed in a way that is not repeated
# custom:
#   code: retry_eligibility.refused
#   solution: Look at the status and at the plugin that refused; give the executor the right, or mend the plugin.
deny contains denial.of(rego.metadata.rule(), lookup.at(_answer)) if {
	_unwritten
	_class == "final"
}

# METADATA
# title: A second write met another resourceVersion
# custom:
#   code: retry_eligibility.second_conflict
#   solution: Find out from the audit log who keeps writing to the namespace, and submit a new task when it is quiet.
deny contains denial.of(rego.metadata.rule(), lookup.at(_answer)) if {
	_unwritten
	_class == "conflict"
	not _first_conflict
}

# METADATA
# title: No write attempt is left
# custom:
#   code: retry_eligibility.budget_spent
#   solution: Read the outcomes of the attempts, and the state; another try needs a new task.
deny contains denial.of(rego.metadata.rule(), object.union(lookup.at(_answer), _writers)) if {
	_unresolved
	not attempts.left
}

# METADATA
# title: The namespace moves each time another attempt was decided
# custom:
#   code: retry_eligibility.retries_spent
#   solution: Find out from the audit log who keeps writing to the namespace, and submit a new task when it is quiet.
deny contains denial.of(rego.metadata.rule(), {"retries": _retries}) if {
	_unresolved
	attempts.left
	not _retries < run.runbook.retries
}

# METADATA
# title: One write met another resourceVersion
# description: A definite no. Another attempt may go with what is read then.
# custom:
#   code: retry_eligibility.conflict
#   solution: Nothing is to be done; another attempt is made.
deny contains denial.of(rego.metadata.rule(), lookup.at(_answer)) if {
	_may_retry
	_class == "conflict"
	not _needs_audit
}

_answer := [array.concat(["attempts", attempts.number - 1, "observation", "body", "patched"], ["http", field]) |
	some field in ["outcome", "status", "reason", "message"]
]

_class := attempts.class(attempts.latest)

# Nothing shows that the tuple was ever there.
_unwritten if {
	_failed
	not _was_there
	_prequalified_values
}

# Each value is one that drift_agreement admits; where one is not, that check denies.
_prequalified_values if {
	every key in run.runbook.label_keys { _prequalified_value(key) }
}

_prequalified_value(key) if namespaces.newest.object.labels[key] == run.task.labels[key]

_prequalified_value(key) if namespaces.newest.object.labels[key] == run.task.drift.labels[key]

# The latest attempt is of a class that may be tried again, as soon as the state is settled.
_unresolved if {
	_unwritten
	_class == "conflict"
	_first_conflict
}

_unresolved if {
	_unwritten
	_class == "api_timeout"
	_settled
}

_may_retry if {
	_unresolved
	attempts.left
	_retries < run.runbook.retries
}

_first_conflict if {
	is_number(run.runbook.conflicts)
	count([attempt | some attempt in input.attempts; attempts.class(attempt) == "conflict"]) <= run.runbook.conflicts
}

_retries := count([block |
	some block in input.lineage
	block.body.step == input.step
	block.body.verdict == "retry"
]) if {
	is_array(input.lineage)
	is_number(run.runbook.retries)
}
