package checks.retry_eligibility

import future.keywords.not

import data.facts.attempts
import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.namespaces
import data.facts.outcomes

# METADATA
# title: The API server refused the write, or failed in a way that is not tried again
# custom:
#   code: retry_eligibility.refused
#   solution: Look at the status and at the plugin that refused; give the executor the right, or mend the plugin.
deny contains denial.of(rego.metadata.rule(), _answer) if {
	_unwritten
	_class == "final"
}

# METADATA
# title: More writes than the runbook allows met another resourceVersion
# custom:
#   code: retry_eligibility.second_conflict
#   solution: Find out from the audit log who keeps writing to the namespace; submit a new task when it is quiet.
deny contains denial.of(rego.metadata.rule(), _answer) if {
	_unwritten
	_class == "conflict"
	not _conflicts_allowed
}

# METADATA
# title: No write attempt is left
# custom:
#   code: retry_eligibility.budget_spent
#   solution: Read the outcomes of the attempts, and the state; another try needs a new task.
deny contains denial.of(rego.metadata.rule(), object.union(_answer, _writers)) if {
	_retriable
	not attempts.left
}

# METADATA
# title: The namespace moves each time another attempt was decided
# custom:
#   code: retry_eligibility.retries_spent
#   solution: Find out from the audit log who keeps writing to the namespace; submit a new task when it is quiet.
deny contains denial.of(rego.metadata.rule(), lookup.derived("retries", count(_retries))) if {
	_retriable
	attempts.left
	not _retries_left
}

# METADATA
# title: A write met another resourceVersion
# description: A definite no. Another attempt may go with what is read then.
# custom:
#   code: retry_eligibility.conflict
#   solution: Nothing is to be done; another attempt is made.
deny contains denial.of(rego.metadata.rule(), _answer) if {
	_may_retry
	_class == "conflict"
	not attempts.moved(namespaces.newest)
}

_answer := lookup.fields(attempts.answer_path, ["outcome", "status", "reason", "message"])

_class := outcomes.class(attempts.latest)

# Nothing shows that the tuple was ever there. Where a value is foreign, drift_agreement denies.
_unwritten if {
	_failed
	not _was_there
	namespaces.all_admitted(namespaces.newest)
}

# Of a class that may be tried again, and the state is settled.
_retriable if {
	_unwritten
	_class == "conflict"
	_conflicts_allowed
}

_retriable if {
	_unwritten
	_class == "api_timeout"
	_settled
}

_may_retry if {
	_retriable
	attempts.left
	_retries_left
}

_conflicts_allowed if {
	is_number(given.runbook.conflicts)
	count(_conflicts) <= given.runbook.conflicts
}

_conflicts := [attempt |
	some attempt in input.attempts
	outcomes.class(attempt) == "conflict"
]

_retries_left if {
	is_array(input.lineage)
	is_number(given.runbook.retries)
	count(_retries) < given.runbook.retries
}

_retries := [block |
	some block in input.lineage
	block.body.step == input.step
	block.body.verdict == "retry"
]
