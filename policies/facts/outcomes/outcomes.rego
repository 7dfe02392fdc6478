# METADATA
# title: Outcomes
# description: What the answer to a write attempt means, by the raw signals that the runbook lists.
package facts.outcomes

import data.facts.given

# METADATA
# title: applied, conflict, api_timeout or final
# description: Everything that the runbook does not list is final.
class(attempt) := "applied" if {
	_listed(attempt, "applied")
} else := "conflict" if {
	_listed(attempt, "conflict")
} else := "api_timeout" if {
	_listed(attempt, "api_timeout")
} else := "final"

_listed(attempt, name) if {
	some signal in given.runbook.outcomes[name]
	signal in _signals(attempt)
}

_signals(attempt) := {"interrupted"} if {
	attempt.observation == null
} else := {answer.outcome} if {
	answer := attempt.observation.body.patched.http
	answer.outcome != "answered"
} else := {$"{answer.status}", $"{answer.status} {answer.reason}"} if {
	answer := attempt.observation.body.patched.http
	answer.outcome == "answered"
} else := set()
