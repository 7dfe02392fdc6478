# METADATA
# title: Doubt
# description: |
#   Whether a write of this run may still land. A request carries uid and resourceVersion, so it is dead once
#   the namespace has been seen to move; reading an unmoved namespace shows nothing.
package facts.doubt

import future.keywords.not

import data.facts
import data.facts.http

# METADATA
# title: A write of this run may still land
default open := false

open if {
	some attempt in input.attempts
	not _answered(attempt)
	not _dead(attempt)
}

# A status below 500 is the end of a request; so is one that never left.
_answered(attempt) if {
	attempt.observation.body.patched.http.outcome == "answered"
	is_number(attempt.observation.body.patched.http.status)
	attempt.observation.body.patched.http.status < 500
}

_answered(attempt) if attempt.observation.body.patched.http.outcome in facts.runbook.never_sent

_dead(attempt) if {
	some block in _blocks
	is_number(attempt.intent.seq)
	is_number(block.seq)
	block.seq > attempt.intent.seq
	some read in block.reads
	_moved(read, attempt.intent.body)
}

_moved(read, _) if http.answered(read.http, 404)

_moved(read, intent) if {
	http.answered(read.http, 200)
	is_string(read.object.resource_version)
	read.object.resource_version != intent.resource_version
}

_moved(read, intent) if {
	http.answered(read.http, 200)
	is_string(read.object.uid)
	read.object.uid != intent.uid
}

_blocks contains {"seq": block.seq, "reads": [block.body.first, block.body.last]} if {
	block := input.observed.gather
}

_blocks contains {"seq": block.seq, "reads": [block.body.read]} if block := input.observed.resolve_write

_blocks contains {"seq": round.seq, "reads": [server.first, server.last]} if {
	some round in input.rounds
	some server in round.body.servers
}
