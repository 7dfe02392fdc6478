package facts.rounds_test

import future.keywords.not

import data.cases
import data.facts.rounds

_name := "MKS-PSA-Label-Restore-v3"

_with_rounds(number) := {_name: object.union(data.runbooks[_name], {"rounds": number})}

test_one_round_may_be_enough if {
	asked := cases.at("fail/verification_reconciliation/one_round")
	rounds.proven with input as asked with data.runbooks as _with_rounds(1)
	rounds.verified == 0 with input as asked with data.runbooks as _with_rounds(1)
	not rounds.proven with input as asked
}

test_the_latest_row_counts if {
	rounds.verified == 1 with input as cases.at("pass/cp3/second_round")
	rounds.verified == 1 with input as cases.at("pass/cp3/audit_events_of_a_later_round_pending")
	rounds.verified == 2 with input as cases.at("pass/cp3/matching_past_the_window")
}

test_more_rounds_may_be_wanted if {
	asked := cases.at("pass/cp3/second_round")
	not rounds.proven with input as asked with data.runbooks as _with_rounds(3)
	not rounds.proven with input as asked with data.runbooks as _with_rounds(0)
	not rounds.proven with input as asked with data.runbooks as _with_rounds(-1)
	not rounds.proven with input as asked with data.runbooks as _with_rounds(null)
	rounds.proven with input as asked with data.runbooks as _with_rounds(2)
}

test_a_round_without_probes_shows_nothing if {
	asked := json.patch(cases.at("pass/cp3/second_round"), [{
		"op": "replace",
		"path": "/rounds/1/body/servers/0/probes",
		"value": [],
	}])
	rounds.states == ["good", "not_as_asked"] with input as asked
}

test_a_round_in_which_nothing_was_asked_shows_nothing if {
	asked := json.patch(cases.at("fail/verification_reconciliation/one_round"), [{
		"op": "replace",
		"path": "/rounds/0/body/servers/0/probes",
		"value": [],
	}])
	rounds.states == ["wrong"] with input as asked with data.facts.probes.as_asked as true
}
