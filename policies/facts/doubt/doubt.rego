# METADATA
# title: Doubt
# description: |
#   Whether a write of this run may still land. A request carries uid and resourceVersion, so it is dead once
#   the namespace has been seen to move; reading an unmoved namespace shows nothing. Where it is not known what was
#   written, it is in doubt.
package facts.doubt

import data.facts.answers
import data.facts.attempts
import data.facts.given

# METADATA
# title: A write of this run may still land
# scope: document
default open := true

open := false if {
	attempts.counted
	attempts.number >= _written
	every attempt in input.attempts { _over(attempt) }
}

_over(attempt) if _ended(attempt)

_over(attempt) if _dead(attempt)

# Decisions of this step to write that were used: what came next is what they led to.
_written := count([block |
	some index, block in input.lineage
	block.body.step == input.step
	given.runbook.effects[block.body.action] == "write"
	_after(index) == block.body.next_checkpoint
])

_after(index) := input.lineage[index + 1].body.checkpoint if is_number(index)

_after(index) := input.checkpoint if {
	is_number(index)
	count(input.lineage) == index + 1
}

# A status below 500 is the end of a request; so is one that never left.
_ended(attempt) if {
	answer := attempt.observation.body.patched.http
	answer.outcome == "answered"
	is_number(answer.status)
	answer.status < 500
}

_ended(attempt) if attempt.observation.body.patched.http.outcome in given.runbook.never_sent

_dead(attempt) if {
	is_number(attempt.intent.seq)
	some block in _looks
	is_number(block.seq)
	block.seq > attempt.intent.seq
	some read in block.reads
	_moved(read, attempt.intent.body)
}

_moved(read, _) if answers.missing(read.http)

_moved(read, intent) if {
	answers.answered(read.http, 200)
	every version in [read.object.resource_version, intent.resource_version] { _stated(version) }
	read.object.resource_version != intent.resource_version
}

_moved(read, intent) if {
	answers.answered(read.http, 200)
	every uid in [read.object.uid, intent.uid] { _stated(uid) }
	read.object.uid != intent.uid
}

_stated(value) if {
	is_string(value)
	value != ""
}

_looks contains {"seq": block.seq, "reads": [block.body.first, block.body.last]} if block := input.observed.gather

_looks contains {"seq": block.seq, "reads": [block.body.read]} if block := input.observed.resolve_write

_looks contains {"seq": block.seq, "reads": [server.first, server.last]} if {
	some block in input.rounds
	some server in block.body.servers
}
