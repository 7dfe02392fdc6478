# METADATA
# title: Writer
# description: Who wrote the tuple, as far as the attempts, their markers and the audit log show.
package facts.writer

import data.facts.attempts
import data.facts.audit
import data.facts.outcomes

# METADATA
# title: attempt_1, attempt_2, other, none or unknown
# scope: document
default name := "unknown"

name := "none" if {
	attempts.number == 0
} else := $"attempt_{max(_shown)}" if {
	count(_shown) > 0
} else := "other" if {
	_not_ours
}

# METADATA
# title: Whether the write's own audit event was seen
# scope: document
default evidence := "inferred"

evidence := "shown" if {
	some attempt in input.attempts
	name == $"attempt_{attempt.attempt}"
	_seen(attempt)
}

_shown contains attempt.attempt if {
	some attempt in input.attempts
	outcomes.class(attempt) == "applied"
}

_shown contains marker.attempt - attempts.earlier if {
	some marker in attempts.markers(_resolved.read)
	is_number(marker.attempt)
	marker.attempt <= attempts.earlier + attempts.number
}

_shown contains attempt.attempt if {
	some attempt in input.attempts
	_seen(attempt)
}

_seen(attempt) if {
	some event in _resolved.audit.events
	audit.of_attempt(event, attempt)
	event.code == 200
}

# Every attempt was refused, or the audit log names somebody else.
_not_ours if {
	every attempt in input.attempts { outcomes.class(attempt) in {"conflict", "final"} }
}

_not_ours if {
	_resolved.audit.outcome == "answered"
	_resolved.audit.complete == true
	some event in audit.foreign(_resolved.audit)
	event.stage_ms >= attempts.since_ms
}

_resolved := input.observed.resolve_write.body
