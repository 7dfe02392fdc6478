# METADATA
# title: Retry eligibility
# description: |
#   The write is shown to have left the approved tuple. Where it is not, this check says whether another attempt
#   may go (in_doubt, overtaken, conflict), whether to look again, or why neither.
# custom:
#   reads:
#     - run_id
#     - opened.body.task.namespace
#     - opened.body.task.labels
#     - opened.body.task.drift
#     - attempts
#     - lineage
#     - observed.gather.body.identity.username
#     - observed.resolve_write
package checks.retry_eligibility

import future.keywords.not

import data.facts.attempts
import data.facts.audit
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces
import data.facts.outcomes

# METADATA
# title: Everything this check wants is shown
pass if {
	attempts.counted
	attempts.resolved
	namespaces.all_sound
	namespaces.restored(namespaces.newest)
	not _ledger_behind
}

# METADATA
# title: The attempts are not numbered as they were made
# custom:
#   code: retry_eligibility.miscounted
#   solution: Keep the store as it is, and find out with `runbook-gate ledger verify` what was lost.
deny contains denial.of(rego.metadata.rule(), attempts.as_facts) if not attempts.counted

# METADATA
# title: The namespace was not looked at since the latest attempt
# custom:
#   code: retry_eligibility.facts_outdated
#   solution: Nothing is to be done; the namespace is looked at again.
deny contains denial.of(rego.metadata.rule(), lookup.at([["observed", "resolve_write", "seq"]])) if {
	attempts.counted
	not attempts.resolved
}

# METADATA
# title: The namespace carries the marker of an attempt that the ledger does not know
# custom:
#   code: retry_eligibility.ledger_behind
#   solution: The store lost entries, perhaps in a failover. Compare its head with the ones that left the host.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_live, ["markers"])) if _ledger_behind

# METADATA
# title: The API server stored other labels than were sent
# custom:
#   code: retry_eligibility.stored_differs
#   solution: Find the admission plugin that changes the labels, and settle with its owner what is approved.
deny contains denial.of(rego.metadata.rule(), lookup.at([stored, ["opened", "body", "task", "labels"]])) if {
	_failed
	_stored_differs
	stored := ["attempts", attempts.number - 1, "observation", "body", "patched", "object", "labels"]
}

# METADATA
# title: The approved tuple was there and is not any more
# custom:
#   code: retry_eligibility.reverted
#   solution: Ask the writers named in the facts; a repair that somebody reverts is not repeated.
deny contains denial.of(rego.metadata.rule(), object.union(labels, _writers)) if {
	_failed
	not _stored_differs
	_was_there
	labels := lookup.fields(_live, ["labels", "markers"])
}

_live := array.concat(namespaces.newest_path, ["object"])

_writers := audit.writers(_audit_path)

_ledger_behind if attempts.ledger_behind(namespaces.newest)

# The state is known, and it is not the approved tuple.
_failed if {
	attempts.counted
	attempts.resolved
	namespaces.all_sound
	not namespaces.restored(namespaces.newest)
	not _ledger_behind
}

_stored_differs if {
	outcomes.class(attempts.latest) == "applied"
	is_object(attempts.latest.observation.body.patched.object)
	not namespaces.restored(attempts.latest.observation.body.patched)
}

_was_there if attempts.number == 0

_was_there if outcomes.class(attempts.latest) == "applied"

_was_there if count(attempts.markers(namespaces.newest)) > 0
