package facts.rounds_test

import future.keywords.not

import data.cases
import data.facts.rounds

_name := cases.current

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

# The states of the rounds of a case.
_states := {
	"pass/cp3/second_round": ["good", "good"],
	"fail/verification_reconciliation/two_events_of_one_probe": ["good", "ambiguous"],
	"fail/verification_reconciliation/two_events_of_one_probe_of_an_earlier_round": ["ambiguous", "good"],
	"fail/verification_reconciliation/exempt_namespace": ["good", "exempt"],
	"fail/verification_reconciliation/blocked_by_rbac": ["good", "blocked"],
	"fail/verification_reconciliation/probe_unanswered": ["good", "unanswered"],
	"fail/verification_reconciliation/another_template": ["good", "not_as_asked"],
	"fail/verification_reconciliation/another_template_on_one_of_two_servers": ["good", "not_as_asked"],
	"fail/verification_reconciliation/moved_on_one_of_two_servers": ["good", "moved"],
	"fail/verification_reconciliation/moved_within_the_round": ["good", "moved"],
	"fail/verification_reconciliation/event_pending": ["good", "pending"],
	"fail/verification_reconciliation/stale_cache": ["good", "wrong"],
	"fail/verification_reconciliation/reverted": ["good", "differs"],
	"fail/namespace_identity/terminating_on_one_of_two_servers": ["good", "unanswered"],
}

test_the_worst_of_a_round_is_its_state if {
	wrong := {[path, found] |
		some path, expected in _states
		found := rounds.states with input as cases.at(path)
		found != expected
	}
	wrong == set()
}

_with_read(place, read) := json.patch(cases.at("pass/cp3/second_round"), [{
	"op": "replace",
	"path": $"/rounds/1/body/servers/0/{place}",
	"value": read,
}])

_server := cases.at("pass/cp3/second_round").rounds[1].body.servers[0]

_unlabelled(read) := json.patch(read, [{
	"op": "replace",
	"path": "/object/labels/pod-security.kubernetes.io~1enforce",
	"value": null,
}])

test_either_read_may_differ if {
	rounds.states[1] == "differs" with input as _with_read("first", _unlabelled(_server.first))
	rounds.states[1] == "differs" with input as _with_read("last", _unlabelled(_server.last))
}

test_either_read_may_be_unsound if {
	terminating := {"op": "replace", "path": "/object/phase", "value": "Terminating"}
	rounds.states[1] == "unanswered" with input as _with_read("first", json.patch(_server.first, [terminating]))
	rounds.states[1] == "unanswered" with input as _with_read("last", json.patch(_server.last, [terminating]))
}

test_only_an_answer_differs if {
	lost := json.patch(_unlabelled(_server.last), [{"op": "replace", "path": "/http/status", "value": 404}])
	not rounds.differs(lost) with input as cases.at("pass/cp3/second_round")
	rounds.differs(_unlabelled(_server.last)) with input as cases.at("pass/cp3/second_round")
}

test_servers_by_key_show_nothing if {
	asked := json.patch(cases.at("pass/cp3/second_round"), [{
		"op": "replace",
		"path": "/rounds/1/body/servers",
		"value": {"0": _server},
	}])
	rounds.states == ["good", "unanswered"] with input as asked
}

# Within the time that has to lie between two rounds: no row of its own, and no word against the one before.
test_a_good_round_too_soon_leaves_the_row_as_it_is if {
	good := cases.at("pass/cp3/second_round")
	again := object.union(good.rounds[1], {"boottime_ms": good.rounds[1].boottime_ms + 1})
	asked := object.union(good, {"rounds": array.concat(good.rounds, [again])})
	rounds.verified == 1 with input as asked
	rounds.proven with input as asked
}

test_a_number_of_rounds_in_words_is_none if {
	not rounds.verified == 1 with input as cases.at("pass/cp3/second_round") with data.runbooks as _with_rounds("2")
	not rounds.proven with input as cases.at("pass/cp3/second_round") with data.runbooks as _with_rounds("2")
}
