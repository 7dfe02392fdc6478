package checks.verification_reconciliation

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.rounds

# METADATA
# title: There is no audit log to ask
# custom:
#   code: verification_reconciliation.audit_unconfigured
#   solution: Configure the API server's audit log; this runbook wants each probe's event.
deny contains denial.of(rego.metadata.rule(), lookup.at([_outcome])) if {
	not given.runbook.audit == "optional"
	lookup.value(_outcome) == "unconfigured"
}

# METADATA
# title: The audit log cannot be read now
# custom:
#   code: verification_reconciliation.audit_unanswered
#   solution: Make the audit log readable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), lookup.at([_outcome])) if {
	_pending
	lookup.value(_outcome) == "unanswered"
}

# METADATA
# title: Audit events of probes are not there yet
# custom:
#   code: verification_reconciliation.audit_pending
#   solution: Nothing is to be done; they are looked up again with the next round.
deny contains denial.of(rego.metadata.rule(), _lacking) if {
	_pending
	lookup.value(_outcome) == "answered"
	not _overdue
}

# METADATA
# title: Audit events of probes never came
# custom:
#   code: verification_reconciliation.audit_missing
#   solution: Check the API server's audit policy and log, and that the executor reads the log of every server.
deny contains denial.of(rego.metadata.rule(), _lacking) if {
	_pending
	not lookup.value(_outcome) in {"unanswered", "unconfigured"}
	_overdue
}

_outcome := ["rounds", rounds.newest, "body", "audit", "outcome"]

_pending if {
	not rounds.proven
	rounds.states[rounds.newest] == "pending"
}

_lacking := object.union(lookup.derived("states", rounds.states), lookup.at([path |
	some one in rounds.probed
	one.shows == "pending"
	some field in ["name", "audit_id"]
	path := ["rounds", one.round, "body", "servers", one.server, "probes", one.probe, field]
]))

# A round that lacks events is older than the runbook grants the audit log.
_overdue if {
	some index, state in rounds.states
	state == "pending"
	not _recent(input.rounds[index])
}

_recent(block) if {
	is_number(given.runbook.limits_ms.audit)
	given.elapsed_ms(block, input.rounds[rounds.newest]) <= given.runbook.limits_ms.audit
}
