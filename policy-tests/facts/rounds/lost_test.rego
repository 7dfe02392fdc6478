package facts.rounds_test

import future.keywords.not

import data.cases
import data.facts.rounds

_good := cases.at("pass/cp3/second_round")

_with_lineage(lineage) := object.union(_good, {"lineage": lineage})

_word := _good.lineage[count(_good.lineage) - 1]

# The decision to verify is the one before the first decision on a round.
_asking := _good.lineage[count(_good.lineage) - 2]

test_each_decision_on_a_round_has_a_round_of_its_own if {
	rounds.none_lost with input as _good
	rounds.counts == {"rounds": 2, "decided": 1} with input as _good
	not rounds.none_lost with input as _with_lineage(array.concat(_good.lineage, [_word]))
}

test_rounds_begin_again_where_they_are_asked_for_again if {
	again := array.concat(_good.lineage, [_word, _asking, _word])
	rounds.none_lost with input as _with_lineage(again)
	rounds.counts.decided == 1 with input as _with_lineage(again)
}

# A revision with one more step, with the same checkpoints.
_two_steps := {cases.current: object.union(data.runbooks[cases.current], {"checkpoints": {
	"restore": data.runbooks[cases.current].checkpoints.restore,
	"another": data.runbooks[cases.current].checkpoints.restore,
}})}

test_rounds_of_another_step_are_not_counted if {
	elsewhere := json.patch(_word, [{"op": "replace", "path": "/body/step", "value": "another"}])
	asked := _with_lineage(array.concat(_good.lineage, [elsewhere]))
	rounds.none_lost with input as asked with data.runbooks as _two_steps

	# A step that the runbook does not know may be any.
	not rounds.none_lost with input as asked

	# Nor do they begin again where another step asked for some.
	asking := json.patch(_asking, [{"op": "replace", "path": "/body/step", "value": "another"}])
	again := _with_lineage(array.concat(_good.lineage, [_word, asking]))
	not rounds.none_lost with input as again with data.runbooks as _two_steps
}

test_a_decision_on_nothing_known_counts if {
	every unknown in [null, {}, {"body": {"step": "restore"}}, {"body": {"checkpoint": "cp3"}}] {
		not rounds.none_lost with input as _with_lineage(array.concat(_good.lineage, [unknown]))
	}
}

test_nothing_is_counted_of_what_is_no_list if {
	not rounds.none_lost with input as _with_lineage(null)
	not rounds.none_lost with input as object.union(_good, {"rounds": null})
	not rounds.none_lost with input as object.union(_good, {"rounds": "two"})
}

test_after_the_rounds_there_are_as_many_as_were_decided_on if {
	done := cases.at("pass/cp4/restored")
	rounds.none_lost with input as done
	rounds.counts == {"rounds": 2, "decided": 2} with input as done
	not rounds.none_lost with input as object.union(done, {"rounds": [done.rounds[1]]})
}

# Waits after the rounds begin nothing anew.
test_a_decision_after_the_rounds_does_not_hide_a_lost_one if {
	done := cases.at("pass/cp4/restored")
	body := {"step": "restore", "checkpoint": "cp4", "verdict": "wait", "action": "gather", "next_checkpoint": "cp4"}
	waited := array.concat(done.lineage, [{"body": body}])
	rounds.none_lost with input as object.union(done, {"lineage": waited})
	not rounds.none_lost with input as object.union(done, {"lineage": waited, "rounds": [done.rounds[1]]})
}
