# METADATA
# title: Verify
# description: One round of readback, probes and readback on every server.
package actions.verify

import data.facts.attempts
import data.facts.audit
import data.facts.given
import data.facts.manifests

# METADATA
# title: Params
params := {
	"namespace": given.task.namespace,
	"label_keys": given.runbook.label_keys,
	"probes": manifests.specs,
	"audit_ids": _missing,
	"since_ms": attempts.since_ms,
}

# Earlier probes whose audit event is not there yet.
_missing := [probe.audit_id |
	some block in input.rounds
	some server in block.body.servers
	some probe in server.probes
	probe.http.outcome == "answered"
	count(audit.of_probe(probe)) == 0
]
