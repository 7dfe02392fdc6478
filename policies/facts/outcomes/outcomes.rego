# METADATA
# title: Outcomes
# description: What the answer to a write attempt means, by the raw signals that the runbook lists.
package facts.outcomes

import data.facts.run

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
	some signal in run.runbook.outcomes[name]
	signal in _signals(attempt)
}

_signals(attempt) := {"interrupted"} if {
	attempt.observation == null
} else := {http.outcome} if {
	http := attempt.observation.body.patched.http
	http.outcome != "answered"
} else := {$"{http.status}", $"{http.status} {http.reason}"} if {
	http := attempt.observation.body.patched.http
	http.outcome == "answered"
} else := set()
