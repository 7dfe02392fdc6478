package checks.retry_eligibility

import data.facts.attempts
import data.facts.audit
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces

# METADATA
# title: A write without an answer is dead, and is shown not to have landed
# description: The namespace moved, so the earlier write cannot land any more.
# custom:
#   code: retry_eligibility.overtaken
#   solution: Nothing is to be done; another attempt is made.
deny contains denial.of(rego.metadata.rule(), _versions) if {
	_moved
	_audit_complete
	count(audit.label_writes(_audit)) == 0
	count(_explaining) > 0
}

# METADATA
# title: The audit log does not show who moved the namespace
# description: What is not there was written elsewhere, or lost; it may be the event that matters.
# custom:
#   code: retry_eligibility.audit_unexplained
#   solution: Find out who wrote the namespace since the attempt, and why the audit log lacks it; decide by hand.
deny contains denial.of(rego.metadata.rule(), _versions) if {
	_moved
	_audit_complete
	count(audit.label_writes(_audit)) == 0
	count(_explaining) == 0
}

# METADATA
# title: Somebody wrote the labels since the attempt
# custom:
#   code: retry_eligibility.written_since
#   solution: Ask the writers named in the facts what they decided; the labels may be as they want them.
deny contains denial.of(rego.metadata.rule(), object.union(labels, _writers)) if {
	_moved
	_audit_complete
	count(audit.label_writes(_audit)) > 0
	labels := lookup.fields(_live, ["labels"])
}

# The earlier write cannot land any more; whether it had landed and was taken back, only the audit log shows.
_moved if {
	_may_retry
	attempts.moved(namespaces.newest)
}
