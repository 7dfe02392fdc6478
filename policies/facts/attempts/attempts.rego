# METADATA
# title: Attempts
# description: The write attempts of this step, and what is known since.
package facts.attempts

import future.keywords.not

import data.facts.given
import data.facts.lookup
import data.facts.outcomes

# METADATA
# title: Number of attempts so far
number := count(input.attempts) if is_array(input.attempts)

# METADATA
# title: The latest attempt
latest := input.attempts[number - 1]

# METADATA
# title: Path of the latest attempt's answer
answer_path := ["attempts", number - 1, "observation", "body", "patched", "http"]

# METADATA
# title: The numbers of the attempts, for a denial
as_facts := lookup.at([["attempts", index, "attempt"] | some index, _ in input.attempts]) if {
	number > 0
} else := lookup.at([["attempts"]])

# METADATA
# title: Another attempt is left
left if {
	counted
	is_number(given.runbook.retry_budget)
	number < given.runbook.retry_budget
}

# METADATA
# title: Audit-IDs of the attempts
audit_ids := [attempt.intent.sha256 | some attempt in input.attempts] if is_array(input.attempts)

# METADATA
# title: Since when writes to the namespace matter
# description: |
#   Since the last read before the first intent, by the API server's clock, which is the audit log's; by our own
#   where that is not known; since the opening where there is no attempt.
# scope: document
since_ms := input.attempts[0].intent.body.read_date_ms if is_number(input.attempts[0].intent.body.read_date_ms)

since_ms := input.attempts[0].intent.at_ms if not is_number(input.attempts[0].intent.body.read_date_ms)

since_ms := input.opened.at_ms if number == 0

# METADATA
# title: The namespace was looked at since the latest attempt
# scope: document
resolved if {
	number == 0
	is_number(input.observed.resolve_write.seq)
}

resolved if {
	is_number(latest.intent.seq)
	is_number(input.observed.resolve_write.seq)
	input.observed.resolve_write.seq > latest.intent.seq
}

# METADATA
# title: The newest decision on the latest attempt
latest_word := word if {
	words := [block |
		some block in input.lineage
		block.body.step == input.step
		given.runbook.checkpoints[input.step][block.body.checkpoint].judges == "resolve_write"
	]
	word := words[count(words) - 1]
	is_number(word.seq)
	is_number(latest.intent.seq)
	word.seq > latest.intent.seq
}

# METADATA
# title: The namespace moved since a write that may have been applied
moved(read) if {
	some attempt in _doubtful
	not read.object.resource_version == attempt.intent.body.resource_version
}

# METADATA
# title: A new write onto this state is not blind to an earlier one
# description: |
#   The namespace has not moved since a write that may have been applied, or this is the state that was looked
#   at when another attempt was decided.
# scope: document
known(read) if {
	counted
	not moved(read)
}

known(read) if {
	resolved
	is_string(read.object.resource_version)
	read.object.resource_version == input.observed.resolve_write.body.read.object.resource_version
}

# Every attempt but one that is answered with a definite yes or no.
_doubtful := [attempt |
	some attempt in input.attempts
	not outcomes.class(attempt) in {"applied", "conflict"}
]
