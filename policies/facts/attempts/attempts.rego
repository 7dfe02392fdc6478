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
# title: Attempts are numbered as they were made, and each answer belongs to its intent
counted if {
	_none_lost
	every index, attempt in input.attempts {
		attempt.attempt == index + 1
		attempt.intent.body.attempt == index + 1
		_answers_its_intent(attempt)
	}
}

# METADATA
# title: The numbers of the attempts, for a denial
as_facts := {"attempts": [lookup.field(attempt, "attempt") | some attempt in input.attempts]}

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
# title: Our own markers in managedFields
markers(read) := [marker |
	some marker in read.object.markers
	marker.run == input.run_id
]

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

# A decision to try again speaks of an attempt.
_none_lost if number > 0

_none_lost if {
	number == 0
	is_array(input.lineage)
	every block in input.lineage { not _again(block) }
}

_again(block) if {
	block.body.step == input.step
	block.body.verdict == "retry"
}

# Every attempt but one that is answered with a definite yes or no.
_doubtful := [attempt |
	some attempt in input.attempts
	not outcomes.class(attempt) in {"applied", "conflict"}
]

_answers_its_intent(attempt) if attempt.observation == null

_answers_its_intent(attempt) if attempt.observation.body.intent == attempt.intent.sha256
