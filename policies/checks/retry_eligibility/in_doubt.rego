package checks.retry_eligibility

import future.keywords.not

import data.facts.attempts
import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.namespaces

# METADATA
# title: A write without an answer may still land
# custom:
#   code: retry_eligibility.unsettled
#   solution: Nothing is to be done; the namespace is looked at again when the settle time is over.
deny contains denial.of(rego.metadata.rule(), lookup.at([intent, read])) if {
	_unwritten
	_class == "api_timeout"
	not _settled
	intent := ["attempts", attempts.number - 1, "intent", "at_ms"]
	read := array.concat(namespaces.newest_path, ["http", "answered_ms"])
}

# METADATA
# title: A write without an answer left the namespace unmoved
# description: Another attempt carries the same uid and resourceVersion, so at most one of the two lands.
# custom:
#   code: retry_eligibility.in_doubt
#   solution: Nothing is to be done; another attempt is made.
deny contains denial.of(rego.metadata.rule(), _versions) if {
	_may_retry
	_class == "api_timeout"
	not attempts.moved(namespaces.newest)
}

_versions := lookup.at([
	["attempts", attempts.number - 1, "intent", "body", "resource_version"],
	array.concat(_live, ["resource_version"]),
])

# Measured to the moment of the read, not to that of the decision.
_settled if {
	is_number(given.runbook.limits_ms.settle)
	given.elapsed_ms(attempts.latest.intent, _looked) >= given.runbook.limits_ms.settle
}

_looked := {
	"boot_id": input.observed.resolve_write.boot_id,
	"boottime_ms": namespaces.newest.read_boottime_ms,
	"at_ms": namespaces.newest.http.answered_ms,
}
