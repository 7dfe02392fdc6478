# METADATA
# title: Finish
# description: Record the run as complete, with what was shown and how.
package actions.finish

import data.facts.given
import data.facts.rounds
import data.facts.writer

# METADATA
# title: Params
params := {
	"verified_ms": _verified.at_ms,
	"resource_version": _verified.body.servers[0].last.object.resource_version,
	"servers": _servers[_verified.body.sampled],
	"endpoints": sort(rounds.endpoints(_verified)),
	"writer": writer.name,
	"audit": writer.evidence,
	"limits": given.runbook.verification_limits,
} if {
	is_number(_verified.at_ms)
}

_verified := input.rounds[rounds.verified]

_servers := {true: "sampled", false: "listed"}
