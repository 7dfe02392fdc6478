# METADATA
# title: Lineage
# description: The run came here on a way that the runbook allows, and the evidence of each step of it is kept.
# custom:
#   reads:
#     - attempts
#     - lineage
#     - rounds.*.seq
#     - observed.gather.seq
#     - observed.gather.body.ledger.evidence_missing
package checks.lineage

import future.keywords.not

import data.facts.attempts
import data.facts.denial
import data.facts.given
import data.facts.lookup

# METADATA
# title: Everything this check wants is shown
pass if {
	_allowed
	_within_budget
	every attempt in input.attempts { _decided(attempt) }
	_evidence_kept
	_newer
}

# METADATA
# title: The run came here on a way that the runbook does not allow
# custom:
#   code: lineage.not_allowed
#   solution: Keep the store as it is; compare `runbook-gate show` with the runbook's lineages.
deny contains denial.of(rego.metadata.rule(), lookup.derived("way", _way)) if not _allowed

# METADATA
# title: There were more write attempts than the runbook allows, or they are not numbered as they were made
# custom:
#   code: lineage.budget_exceeded
#   solution: Keep the store as it is, and find out which executor wrote.
deny contains denial.of(rego.metadata.rule(), attempts.as_facts) if not _within_budget

# METADATA
# title: A write attempt does not come from a decision to write
# custom:
#   code: lineage.attempt_undecided
#   solution: Keep the store as it is, and find out which executor wrote.
deny contains denial.of(rego.metadata.rule(), lookup.at([["attempts", index, "intent", "body", "decision"]])) if {
	some index, attempt in input.attempts
	not _decided(attempt)
}

# METADATA
# title: Evidence of this run is not kept
# custom:
#   code: lineage.evidence_missing
#   solution: Restore the evidence from a backup; the state of the namespace is verified.
deny contains denial.of(rego.metadata.rule(), lookup.at([_missing])) if not _evidence_kept

# METADATA
# title: The facts are older than the newest round
# custom:
#   code: lineage.facts_outdated
#   solution: Nothing is to be done; the facts are gathered again.
deny contains denial.of(rego.metadata.rule(), lookup.at([["observed", "gather", "seq"]])) if not _newer

_allowed if {
	is_array(input.lineage)
	_way in given.runbook.lineages
}

_missing := ["observed", "gather", "body", "ledger", "evidence_missing"]

_evidence_kept if lookup.value(_missing) == []

_within_budget if {
	attempts.counted
	is_number(given.runbook.retry_budget)
	attempts.number <= given.runbook.retry_budget
}

_decided(attempt) if {
	some block in input.lineage
	is_string(block.sha256)
	block.sha256 == attempt.intent.body.decision
	block.body.verdict == "proceed"
	given.runbook.effects[block.body.action] == "write"
}

_newer if {
	newest := input.rounds[given.newest_round]
	is_number(newest.seq)
	is_number(input.observed.gather.seq)
	input.observed.gather.seq > newest.seq
}

# The way so far, without waits and without goes to write that were not used.
_way := [concat(" ", [_word(block, field) | some field in ["step", "checkpoint", "verdict", "next_checkpoint"]]) |
	some index, block in input.lineage
	_word(block, "verdict") != "wait"
	not _unused(index, block)
]

_word(block, field) := $"{word}" if word := lookup.field(lookup.field(block, "body"), field)

_unused(_, block) if {
	given.runbook.effects[block.body.action] == "write"
	block.body.step == input.step
	used := {attempt.intent.body.decision | some attempt in input.attempts}
	not block.sha256 in used
}

# The attempts of an earlier step are not in the input: its write was used if it was resolved.
_unused(index, block) if {
	given.runbook.effects[block.body.action] == "write"
	block.body.step != input.step
	is_number(index)
	not input.lineage[index + 1].body.checkpoint == block.body.next_checkpoint
}
