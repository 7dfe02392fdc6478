package facts.attempts

import future.keywords.not

import data.facts.given

# METADATA
# title: Writes that earlier steps of the run decided on
earlier := count([block |
	some block in input.lineage
	block.body.step != input.step
	given.runbook.effects[block.body.action] == "write"
])

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

_answers_its_intent(attempt) if attempt.observation == null

_answers_its_intent(attempt) if attempt.observation.body.intent == attempt.intent.sha256
