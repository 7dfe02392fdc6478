# METADATA
# title: Restoration
# description: The verification still stands, and the namespace carries the approved tuple now.
# custom:
#   reads:
#     - opened.body.task.cluster_id
#     - opened.body.task.namespace
#     - opened.body.task.labels
#     - opened.body.task.drift.namespace_uid
#     - observed.gather.body.first
#     - observed.gather.body.last
#     - observed.gather.body.identity.username
#     - rounds
package checks.restoration

import future.keywords.not

import data.facts.audit
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces
import data.facts.rounds

# METADATA
# title: Everything this check wants is shown
pass if {
	rounds.proven
	count(namespaces.paths) > 0
	every path in namespaces.paths { namespaces.restored(lookup.value(path)) }
}

# METADATA
# title: The rounds do not show what was verified
# description: Whether the audit events are ours is not known while the API server does not say who we are.
# custom:
#   code: restoration.unverified
#   solution: Keep the store as it is, and find out with `runbook-gate ledger verify` what was lost.
deny contains denial.of(rego.metadata.rule(), lookup.derived("states", rounds.states)) if {
	is_string(audit.username)
	not rounds.proven
}

# METADATA
# title: The namespace does not carry the approved tuple any more
# custom:
#   code: restoration.reverted
#   solution: Find out from the audit log who wrote the labels; a repair that somebody reverts is not repeated.
deny contains denial.of(rego.metadata.rule(), lookup.at([labels, ["opened", "body", "task", "labels"]])) if {
	some path in namespaces.paths
	namespaces.legible(lookup.value(path))
	not namespaces.restored(lookup.value(path))
	labels := array.concat(path, ["object", "labels"])
}
