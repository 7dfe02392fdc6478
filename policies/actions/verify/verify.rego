# METADATA
# title: Verify
# description: One round of readback, probes and readback on every server.
package actions.verify

import data.facts.attempts
import data.facts.probes
import data.facts.run

# METADATA
# title: Params
params := {
	"namespace": run.task.namespace,
	"label_keys": run.runbook.label_keys,
	"probes": probes.specs,
	"audit_ids": _missing,
	"since_ms": attempts.since_ms,
}

# Earlier probes whose audit event is not there yet.
_missing := [probe.audit_id |
	some round in input.rounds
	some server in round.body.servers
	some probe in server.probes
	count(probes.events(probe)) == 0
]
