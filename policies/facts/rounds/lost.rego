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
	_judges_rounds(input.checkpoint)
	counts.rounds > counts.decided
}

none_lost if {
	not _judges_rounds(input.checkpoint)
	counts.rounds >= counts.decided
}

_decided contains index if {
	some index, block in input.lineage
	_on_a_round(block)
	index > max({-1} | _begun)
}

# Where the rounds begin: the decision that asks for the first of them.
_begun contains index if {
	some index, block in input.lineage
	block.body.step == input.step
	given.runbook.effects[block.body.action] == "round"
	not _on_a_round(block)
}

_on_a_round(block) if {
	block.body.step == input.step
	_judges_rounds(block.body.checkpoint)
}

_judges_rounds(checkpoint) if {
	judged := given.runbook.checkpoints[input.step][checkpoint].judges
	given.runbook.effects[judged] == "round"
}
