package checks.cluster_identity

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup

# METADATA
# title: The clocks of executor and API server do not agree
# custom:
#   code: cluster_identity.clocks_differ
#   solution: Synchronise both clocks; every age and deadline is measured with them.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_cluster_http, ["date_ms", "sent_ms", "answered_ms"])) if {
	_cluster_known
	not _clocks_agree
}

# METADATA
# title: The executor's clock was set while the facts were gathered
# custom:
#   code: cluster_identity.clock_stepped
#   solution: Nothing is to be done; the facts are gathered again. If it goes on, see what sets the clock.
deny contains denial.of(rego.metadata.rule(), lookup.at(_moments)) if {
	_cluster_known
	not _clock_steady
}

_moments := [
	["observed", "gather", "at_ms"],
	["observed", "gather", "boottime_ms"],
	["observed", "gather", "body", "last", "http", "answered_ms"],
	["observed", "gather", "body", "last", "read_boottime_ms"],
]

# The Date header is in whole seconds: the server's clock showed something within that second.
_clocks_agree if {
	answer := input.observed.gather.body.cluster.http
	skew := given.runbook.limits_ms.skew
	every moment in [skew, answer.date_ms, answer.sent_ms, answer.answered_ms] { is_number(moment) }
	answer.date_ms + 999 >= answer.sent_ms - skew
	answer.date_ms <= answer.answered_ms + skew
}

# How long the last read was ago when it was recorded, by each clock.
_clock_steady if {
	every path in _moments { is_number(lookup.value(path)) }
	by_wall := input.observed.gather.at_ms - input.observed.gather.body.last.http.answered_ms
	by_boot := input.observed.gather.boottime_ms - input.observed.gather.body.last.read_boottime_ms
	abs(by_wall - by_boot) <= given.runbook.limits_ms.skew
}
