package actions.finish

import data.facts.given

# METADATA
# title: Params of the tiny runbook, which has no probes to speak of
params := {
	"verified_ms": _look.at_ms,
	"resource_version": _look.body.servers[0].last.object.resource_version,
	"servers": "sampled",
	"endpoints": [server.endpoint | some server in _look.body.servers],
	"writer": "attempt_1",
	"audit": "inferred",
	"limits": given.runbook.verification_limits,
} if {
	given.runbook.effects.look_again == "round"
}

_look := input.rounds[count(input.rounds) - 1]
