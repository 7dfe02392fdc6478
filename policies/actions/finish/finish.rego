# METADATA
# title: Finish
# description: Record the run as complete, with what was shown and how.
package actions.finish

import data.facts.rounds
import data.facts.run
import data.facts.writer

# METADATA
# title: Params
params := {
	"verified_ms": _round.at_ms,
	"resource_version": _round.body.servers[0].last.object.resource_version,
	"servers": _servers[_round.body.sampled],
	"endpoints": sort(rounds.endpoints(_round)),
	"writer": writer.name,
	"audit": writer.audit,
	"limits": run.runbook.verification_limits,
}

_round := input.rounds[rounds.verified]

_servers := {true: "sampled", false: "listed"}
