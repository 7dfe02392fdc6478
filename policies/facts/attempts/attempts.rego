# METADATA
# title: Attempts
# description: What became of each write attempt, as far as its own answer tells.
package facts.attempts

import future.keywords.not

import data.facts

# METADATA
# title: Attempts so far
number := count(input.attempts) if is_array(input.attempts)

# METADATA
# title: The latest attempt
latest := input.attempts[number - 1]

# METADATA
# title: Attempts are numbered as they were made, and each answer belongs to its intent
counted if {
	is_array(input.attempts)
	every index, attempt in input.attempts {
		attempt.attempt == index + 1
		attempt.intent.body.attempt == index + 1
		_answers_its_intent(attempt)
	}
}

# METADATA
# title: Another attempt is left
left if {
	counted
	is_number(facts.runbook.retry_budget)
	number < facts.runbook.retry_budget
}

# METADATA
# title: What the answer to an attempt means
# description: |
#   applied, conflict or api_timeout as the runbook lists the raw signals; every other answer is final.
class(attempt) := "applied" if {
	_signals(attempt, "applied")
} else := "conflict" if {
	_signals(attempt, "conflict")
} else := "api_timeout" if {
	_signals(attempt, "api_timeout")
} else := "final"

# METADATA
# title: Attempts that may or may not have been applied
doubtful := [attempt |
	some attempt in input.attempts
	class(attempt) == "api_timeout"
]

# METADATA
# title: Audit-IDs of the attempts
audit_ids := [attempt.intent.sha256 | some attempt in input.attempts] if is_array(input.attempts)

# METADATA
# title: Since when writes to the namespace matter
# description: Since the first intent, or since the opening where there is none.
since_ms := input.attempts[0].intent.at_ms

since_ms := input.opened.at_ms if number == 0

# METADATA
# title: The time of the write's latest observation is later than its intent
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
		facts.runbook.checkpoints[input.step][block.body.checkpoint].judges == "resolve_write"
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
	some attempt in doubtful
	not read.object.resource_version == attempt.intent.body.resource_version
}

# METADATA
# title: A new write onto this state is not blind to an earlier one
# description: |
#   No earlier write is in doubt, or the namespace has not moved since it was sent, or this is the state that
#   was looked at when another attempt was decided.
known(_) if count(doubtful) == 0

known(read) if not moved(read)

known(read) if {
	is_string(read.object.resource_version)
	read.object.resource_version == input.observed.resolve_write.body.read.object.resource_version
	resolved
}

_answers_its_intent(attempt) if attempt.observation == null

_answers_its_intent(attempt) if attempt.observation.body.intent == attempt.intent.sha256

_signals(attempt, class_name) if {
	some signal in facts.runbook.outcomes[class_name]
	signal in _signals_of(attempt)
}

_signals_of(attempt) := {"interrupted"} if {
	attempt.observation == null
} else := {attempt.observation.body.patched.http.outcome} if {
	attempt.observation.body.patched.http.outcome != "answered"
} else := {$"{status}", $"{status} {reason}"} if {
	status := attempt.observation.body.patched.http.status
	reason := attempt.observation.body.patched.http.reason
} else := set()
