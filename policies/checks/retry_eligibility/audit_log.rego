package checks.retry_eligibility

import future.keywords.not

import data.facts.audit
import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.namespaces

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
# description: |
#   An event that is missing yet may be that of whoever took the labels back: the log ends before the read, or the
#   namespace was written a moment before it.
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
	is_number(_date_ms)
	is_number(_audit.newest_ms)
	_audit.newest_ms >= _date_ms
	_long_written
}

# The event of an earlier write may come later than that of the write that it preceded.
_long_written if {
	every event in _explaining {
		is_number(event.stage_ms)
		event.stage_ms + given.runbook.limits_ms.skew <= _date_ms
	}
}

_explaining := audit.explaining(_audit, namespaces.newest)

_date_ms := lookup.field(lookup.value(_answered), "date_ms")
