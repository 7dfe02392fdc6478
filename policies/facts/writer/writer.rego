# METADATA
# title: Writer
# description: Who wrote the tuple, as far as the attempts, their markers and the audit log show.
package facts.writer

import future.keywords.not

import data.facts.attempts
import data.facts.audit as audit_log

# METADATA
# title: Own attempt n, other, none or unknown
name := "none" if {
	attempts.number == 0
} else := $"attempt_{max(_shown)}" if {
	count(_shown) > 0
} else := "other" if {
	_not_ours
} else := "unknown"

# METADATA
# title: Whether the write's own audit event was seen
audit := "shown" if {
	some attempt in input.attempts
	name == $"attempt_{attempt.attempt}"
	_event(attempt)
} else := "inferred"

_shown contains attempt.attempt if {
	some attempt in input.attempts
	attempts.class(attempt) == "applied"
}

_shown contains marker.attempt if {
	some marker in attempts.markers(_resolved.read)
	marker.attempt <= attempts.number
}

_shown contains attempt.attempt if {
	some attempt in input.attempts
	_event(attempt)
}

_event(attempt) if {
	some event in _resolved.audit.events
	audit_log.of_attempt(event, attempt)
	event.code == 200
}

_not_ours if count(attempts.doubtful) == 0

_not_ours if {
	_resolved.audit.outcome == "answered"
	_resolved.audit.complete == true
	count(audit_log.writers(_resolved.audit)) > 0
}

_resolved := input.observed.resolve_write.body
