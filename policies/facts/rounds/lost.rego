package facts.rounds

import future.keywords.not

import data.facts.given

# METADATA
# title: How many rounds there are, and how many decisions are on one of them
counts := {"rounds": count(input.rounds), "decided": count(_decided)} if {
	is_array(input.rounds)
	is_array(input.lineage)
}

# METADATA
# title: No round is missing
# description: Each decision on a round is on one of its own; where rounds are judged, one more is to be decided on.
# scope: document
none_lost if {
	_on_rounds(input.step, input.checkpoint)
	counts.rounds > counts.decided
}

none_lost if {
	not _on_rounds(input.step, input.checkpoint)
	counts.rounds >= counts.decided
}

# A decision that does not say what it is on counts: it may be on the round that is missing.
_decided contains index if {
	some index, block in input.lineage
	index > max({-1} | _begun)
	not _elsewhere(block)
}

# Where the rounds begin: the decision that asks for the first of them.
_begun contains index if {
	some index, block in input.lineage
	block.body.step == input.step
	given.runbook.effects[block.body.action] == "round"
	_elsewhere(block)
}

_elsewhere(block) if {
	given.runbook.checkpoints[block.body.step][block.body.checkpoint]
	not _on_rounds(block.body.step, block.body.checkpoint)
}

_on_rounds(step, checkpoint) if {
	step == input.step
	judged := given.runbook.checkpoints[step][checkpoint].judges
	given.runbook.effects[judged] == "round"
}
