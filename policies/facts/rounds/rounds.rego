# METADATA
# title: Verification rounds
# description: |
#   What each round shows, over all its servers: differs, not_as_asked, unanswered, ambiguous, exempt, blocked,
#   wrong, moved, pending or good. The worst of a round is its state.
package facts.rounds

import future.keywords.not

import data.facts
import data.facts.http
import data.facts.namespaces
import data.facts.probes

# METADATA
# title: Number of the newest round
newest := count(input.rounds) - 1

# METADATA
# title: The state of each round
states := [_state(round) | some round in input.rounds]

# METADATA
# title: What each probe of each round shows
# description: By round, server and probe.
results[index][server][probe] := probes.result(input.rounds[index].body.servers[server].probes[probe])

# METADATA
# title: Milliseconds from the first round that was answered to the newest
since_first_answer_ms := facts.elapsed_ms(input.rounds[min(_answered)], input.rounds[newest])

# METADATA
# title: The last round of the latest row of good rounds
# description: As many in a row as the runbook wants, far enough apart, on the same servers.
verified := max({last |
	some last, _ in states
	_row_ends_at(last)
})

# METADATA
# title: Later rounds do not contradict the row
uncontradicted if {
	is_number(verified)
	every index, state in states { _agrees(index, state) }
}

# METADATA
# title: Names of the API servers of a round
endpoints(round) := {server.endpoint | some server in round.body.servers}

# METADATA
# title: The reads of a server that show other labels than the approved tuple
differs(read) if {
	http.answered(read.http, 200)
	is_object(read.object)
	not namespaces.restored(read)
}

_answered contains index if {
	some index, state in states
	state != "unanswered"
}

_agrees(index, _) if index <= verified

_agrees(_, state) if state in {"good", "pending"}

_row_ends_at(last) if {
	is_number(facts.runbook.rounds)
	facts.runbook.rounds > 0
	first := (last - facts.runbook.rounds) + 1
	first >= 0
	every index in numbers.range(first, last) { states[index] == "good" }
	every index in numbers.range(first, last) { _follows(index, first) }
}

_follows(first, first)

_follows(index, first) if {
	index > first
	facts.elapsed_ms(input.rounds[index - 1], input.rounds[index]) >= facts.runbook.limits_ms.between_rounds
	endpoints(input.rounds[index - 1]) == endpoints(input.rounds[index])
	input.rounds[index - 1].body.sampled == input.rounds[index].body.sampled
}

_state(round) := "differs" if {
	some server in round.body.servers
	some place in ["first", "last"]
	differs(server[place])
} else := "unanswered" if {
	not _read(round)
} else := "not_as_asked" if {
	some server in round.body.servers
	not probes.as_asked(server)
} else := worst if {
	some worst in ["unanswered", "ambiguous", "exempt", "blocked", "wrong"]
	worst in _results(round)
} else := "moved" if {
	some server in round.body.servers
	not _still(server)
} else := "pending" if {
	"pending" in _results(round)
} else := "good" if {
	_results(round) == {"good"}
} else := "wrong"

_results(round) := {probes.result(probe) |
	some server in round.body.servers
	some probe in server.probes
}

_read(round) if {
	count(round.body.servers) > 0
	count(endpoints(round)) == count(round.body.servers)
	every server in round.body.servers {
		namespaces.sound(server.first)
		namespaces.sound(server.last)
	}
}

_still(server) if {
	is_string(server.first.object.resource_version)
	server.first.object.resource_version == server.last.object.resource_version
}
