# METADATA
# title: Verification reconciliation
# description: |
#   On every server, and several rounds in a row, the labels read back are the approved tuple, and admission
#   enforces, warns and audits as they say.
# custom:
#   reads:
#     - opened.body.task.cluster_id
#     - opened.body.task.namespace
#     - opened.body.task.labels
#     - opened.body.task.drift.namespace_uid
#     - attempts
#     - observed.gather.body.identity.username
#     - rounds
package checks.verification_reconciliation

import future.keywords.not

import data.facts.audit
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces
import data.facts.rounds

# METADATA
# title: Everything this check wants is shown
pass if rounds.proven

# METADATA
# title: The labels read back are not the approved tuple
# description: The reads are consistent, so this is not lag but somebody's write.
# custom:
#   code: verification_reconciliation.readback_differs
#   solution: Ask the writers named in the facts; a repair that somebody reverts is not repeated.
deny contains denial.of(rego.metadata.rule(), object.union(lookup.at([path]), writers)) if {
	some index, block in input.rounds
	some server_index, server in block.body.servers
	some place in ["first", "last"]
	rounds.differs(server[place])
	path := ["rounds", index, "body", "servers", server_index, place, "object", "labels"]
	writers := audit.writers(["rounds", index, "body", "audit"])
}

# METADATA
# title: A round was not made of the probes that were asked for
# custom:
#   code: verification_reconciliation.not_as_asked
#   solution: Find out which executor made the round; its entries name its version.
deny contains denial.of(rego.metadata.rule(), lookup.at([["rounds", index, "seq"]])) if {
	some index, state in rounds.states
	state == "not_as_asked"
}

# METADATA
# title: The namespace is exempt from Pod Security
# custom:
#   code: verification_reconciliation.exempt
#   solution: The labels have no effect while the exemption stands; settle it with the API server's owner.
deny contains denial.of(rego.metadata.rule(), _told(one)) if {
	some one in rounds.probed
	one.shows == "exempt"
}

# METADATA
# title: Two audit events claim to be of one probe
# custom:
#   code: verification_reconciliation.audit_ambiguous
#   solution: Find out who writes events under the executor's Audit-IDs and name.
deny contains denial.of(rego.metadata.rule(), _told(one)) if {
	some one in rounds.probed
	one.shows == "ambiguous"
}

# METADATA
# title: Probes are not answered
# custom:
#   code: verification_reconciliation.unanswered
#   solution: Make the API server reachable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), lookup.at([["rounds", rounds.newest, "seq"]])) if {
	rounds.states[rounds.newest] == "unanswered"
	_readable
}

# METADATA
# title: Too few good rounds in a row yet
# custom:
#   code: verification_reconciliation.too_few_rounds
#   solution: Nothing is to be done; another round is made.
deny contains denial.of(rego.metadata.rule(), lookup.derived("states", rounds.states)) if {
	not rounds.proven
	_good_so_far
	every state in rounds.states { not state in {"differs", "not_as_asked", "ambiguous", "exempt"} }
}

_good_so_far if input.rounds == []

_good_so_far if rounds.states[rounds.newest] == "good"

# Where the namespace cannot be read, namespace_identity says so.
_readable if {
	every path in namespaces.paths { namespaces.sound(lookup.value(path)) }
}

# What a denial tells of a probe.
_told(one) := object.union_n([
	lookup.fields(server, ["endpoint"]),
	lookup.fields(probe, ["name", "differs"]),
	lookup.fields(array.concat(probe, ["http"]), ["outcome", "status", "message", "warnings"]),
	lookup.derived("events", audit.told(lookup.value(probe))),
]) if {
	server := ["rounds", one.round, "body", "servers", one.server]
	probe := array.concat(server, ["probes", one.probe])
}
