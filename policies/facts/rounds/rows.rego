package facts.rounds

import data.facts.given

# METADATA
# title: The last round of the latest row of good rounds
# description: As many in a row as the runbook wants, far enough apart, on the same servers.
verified := max({last |
	some last, _ in states
	_row_ends_at(last)
})

# METADATA
# title: Verified, and nothing since says otherwise
proven if {
	is_number(verified)
	every index, state in states { _agrees(index, state) }
}

_agrees(index, _) if index <= verified

_agrees(_, state) if state in {"good", "pending"}

_row_ends_at(last) if {
	is_number(given.runbook.rounds)
	first := (last - given.runbook.rounds) + 1
	every index in numbers.range(first, last) {
		states[index] == "good"
		_follows(index, first)
	}
}

# Within a row: far enough from the round before it, and on the same servers.
_follows(index, first) if index == first

_follows(index, _) if {
	before := input.rounds[index - 1]
	given.elapsed_ms(before, input.rounds[index]) >= given.runbook.limits_ms.between_rounds
	endpoints(before) == endpoints(input.rounds[index])
	before.body.sampled == input.rounds[index].body.sampled
}
