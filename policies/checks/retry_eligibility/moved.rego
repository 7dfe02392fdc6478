package checks.retry_eligibility

import future.keywords.not

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
	audit.moved(_audit)
}

# METADATA
# title: The audit log cannot be read now
# custom:
#   code: retry_eligibility.audit_unanswered
#   solution: Make the audit log readable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_audit_path, ["outcome"])) if {
	_moved
	_audit.outcome == "unanswered"
}

# METADATA
# title: The audit log is behind the namespace
# description: An event that is missing yet may be that of whoever took the labels back.
# custom:
#   code: retry_eligibility.audit_behind
#   solution: Nothing is to be done; the log is read again. If it never comes up, see why the API server's log is late.
deny contains denial.of(rego.metadata.rule(), object.union(behind, lookup.fields(_answered, ["date_ms"]))) if {
	_moved
	_audit_whole
	not _audit_current
	behind := lookup.fields(_audit_path, ["newest_ms"])
}

# METADATA
# title: Nothing shows whether a write without an answer had landed
# description: The namespace moved since. What landed and was reverted as a whole leaves no marker.
# custom:
#   code: retry_eligibility.audit_insufficient
#   solution: Ask the audit log who wrote the labels since the attempt, and decide by hand.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_audit_path, ["outcome", "complete"])) if {
	_moved
	not _audit.outcome == "unanswered"
	not _audit_whole
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
	not audit.moved(_audit)
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

_audit_path := ["observed", "resolve_write", "body", "audit"]

_audit := lookup.value(_audit_path)

_answered := array.concat(namespaces.newest_path, ["http"])

_audit_complete if {
	_audit_whole
	_audit_current
}

_audit_whole if {
	_audit.outcome == "answered"
	_audit.complete == true
	is_array(_audit.writes)
}

# The Date of the read is in whole seconds: the log has an event of that second or a later one, from each server.
_audit_current if {
	date_ms := lookup.value(_answered).date_ms
	is_number(date_ms)
	is_number(_audit.newest_ms)
	_audit.newest_ms >= date_ms
}
