# METADATA
# title: Doubt
# description: |
#   Whether a write of this run may still land. A request carries uid and resourceVersion, so it is dead once
#   the namespace has been seen to move; reading an unmoved namespace shows nothing.
package facts.doubt

import future.keywords.not

import data.facts.answers
import data.facts.given

# METADATA
# title: A write of this run may still land
# scope: document
default open := false

open if {
	some attempt in input.attempts
	not _ended(attempt)
	not _dead(attempt)
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
	is_string(read.object.resource_version)
	read.object.resource_version != intent.resource_version
}

_moved(read, intent) if {
	answers.answered(read.http, 200)
	is_string(read.object.uid)
	read.object.uid != intent.uid
}

_looks contains {"seq": block.seq, "reads": [block.body.first, block.body.last]} if block := input.observed.gather

_looks contains {"seq": block.seq, "reads": [block.body.read]} if block := input.observed.resolve_write

_looks contains {"seq": block.seq, "reads": [server.first, server.last]} if {
	some block in input.rounds
	some server in block.body.servers
}
