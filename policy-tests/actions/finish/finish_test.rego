package actions.finish_test

import future.keywords.not

import data.actions.finish
import data.cases

_restored := "pass/cp4/restored"

test_tells_what_was_verified if {
	asked := cases.at(_restored)
	newest := asked.rounds[count(asked.rounds) - 1]
	finish.params == {
		"verified_ms": newest.at_ms,
		"resource_version": newest.body.servers[0].last.object.resource_version,
		"servers": "sampled",
		"endpoints": [server.endpoint | some server in newest.body.servers],
		"writer": "attempt_1",
		"audit": "shown",
		"limits": data.runbooks[cases.current].verification_limits,
	} with input as asked
}

test_tells_whether_every_listed_server_was_asked if {
	listed := cases.changed(_restored, {"/rounds/0/body/sampled": false, "/rounds/1/body/sampled": false})
	finish.params.servers == "listed" with input as listed
}

test_tells_nothing_without_a_moment if {
	not finish.params with input as cases.changed(_restored, {"/rounds/1/at_ms": null})
	not finish.params with input as cases.changed(_restored, {"/rounds/1/at_ms": "now"})
}
