# METADATA
# title: Attempt order
# description: A write attempt is left, and after a first one the latest word on it was to try again.
# custom:
#   reads:
#     - run_id
#     - attempts
#     - lineage
#     - observed.gather.seq
#     - observed.gather.body.last.object.markers
package checks.attempt_order

import future.keywords.not

import data.facts.attempts
import data.facts.denial
import data.facts.lookup

# METADATA
# title: Everything this check wants is shown
pass if {
	attempts.left
	_decided
	_newer
	not _ledger_behind
}

# METADATA
# title: The attempts are not numbered as they were made
# custom:
#   code: attempt_order.miscounted
#   solution: Keep the store as it is, and find out with `runbook-gate ledger verify` what was lost.
deny contains denial.of(rego.metadata.rule(), attempts.as_facts) if not attempts.counted

# METADATA
# title: No write attempt is left
# custom:
#   code: attempt_order.budget_spent
#   solution: Read the outcomes of the attempts; another try needs a new task.
deny contains denial.of(rego.metadata.rule(), object.union(attempts.as_facts, budget)) if {
	attempts.counted
	not attempts.left
	budget := lookup.of_runbook(["retry_budget"])
}

# METADATA
# title: Another attempt was not decided after the earlier one
# custom:
#   code: attempt_order.not_decided
#   solution: Keep the store as it is; the run was not continued from the decision that its ledger ends with.
deny contains denial.of(rego.metadata.rule(), attempts.as_facts) if {
	attempts.left
	not _decided
}

# METADATA
# title: The facts are older than the decision to try again
# custom:
#   code: attempt_order.facts_outdated
#   solution: Nothing is to be done; the facts are gathered again.
deny contains denial.of(rego.metadata.rule(), lookup.at([["observed", "gather", "seq"]])) if {
	attempts.left
	_decided
	not _newer
}

# METADATA
# title: The namespace carries the marker of an attempt that the ledger does not know
# custom:
#   code: attempt_order.ledger_behind
#   solution: The store lost entries, perhaps in a failover. Compare its head with the ones that left the host.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_live, ["markers"])) if _ledger_behind

_live := ["observed", "gather", "body", "last", "object"]

_ledger_behind if attempts.ledger_behind(input.observed.gather.body.last)

_decided if attempts.number == 0

_decided if attempts.latest_word.body.verdict == "retry"

_newer if {
	attempts.number == 0
	is_number(input.observed.gather.seq)
}

_newer if {
	is_number(input.observed.gather.seq)
	input.observed.gather.seq > attempts.latest_word.seq
}
