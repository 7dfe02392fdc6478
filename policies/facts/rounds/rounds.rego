# METADATA
# title: Verification rounds
# description: |
#   What each round shows, over all its servers: differs, not_as_asked, unanswered, ambiguous, exempt, blocked,
#   wrong, moved, pending or good. The worst of a round is its state.
package facts.rounds

import future.keywords.not

import data.facts.answers
import data.facts.given
import data.facts.namespaces
import data.facts.probes

# METADATA
# title: Number of the newest round
newest := given.newest_round

# METADATA
# title: The state of each round
states := [_state(block, _shown(block)) | some block in input.rounds]

# METADATA
# title: Each probe of each round, and what it shows
probed contains {"round": round_index, "server": server_index, "probe": probe_index, "shows": probes.result(probe)} if {
	some round_index, block in input.rounds
	some server_index, server in block.body.servers
	some probe_index, probe in server.probes
}

# METADATA
# title: Milliseconds from the first round that was answered to the newest
since_first_answer_ms := given.elapsed_ms(input.rounds[min(_answered)], input.rounds[newest])

# METADATA
# title: Names of the API servers of a round
endpoints(block) := {server.endpoint | some server in block.body.servers}

# METADATA
# title: The read shows other labels than the approved tuple
differs(read) if {
	answers.answered(read.http, 200)
	is_object(read.object)
	not namespaces.restored(read)
}

_answered contains index if {
	some index, state in states
	state != "unanswered"
}

_state(block, shown) := "differs" if {
	some server in block.body.servers
	some place in ["first", "last"]
	differs(server[place])
} else := "unanswered" if {
	not _readable(block)
} else := "not_as_asked" if {
	some server in block.body.servers
	not probes.as_asked(server)
} else := worst[0] if {
	worst := [state | some state in ["unanswered", "ambiguous", "exempt", "blocked", "wrong"]; state in shown]
	count(worst) > 0
} else := "moved" if {
	some server in block.body.servers
	not _still(server)
} else := "pending" if {
	"pending" in shown
} else := "good" if {
	shown == {"good"}
} else := "wrong"

_shown(block) := {probes.result(probe) |
	some server in block.body.servers
	some probe in server.probes
}

_readable(block) if {
	is_array(block.body.servers)
	count(block.body.servers) > 0
	count(endpoints(block)) == count(block.body.servers)
	every server in block.body.servers {
		namespaces.sound(server.first)
		namespaces.sound(server.last)
	}
}

_still(server) if {
	is_string(server.first.object.resource_version)
	server.first.object.resource_version == server.last.object.resource_version
}
