package checks.attempt_order_test

import future.keywords.not

import data.cases
import data.checks.attempt_order

test_passes if {
	wrong := {name |
		some name, asked in cases.good.attempt_order
		found := attempt_order with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.attempt_order) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.attempt_order
		found := attempt_order with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.attempt_order) > 0
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"a number in words": {"/observed/gather/seq": "9"},
	"a decision of unknown time": {"/lineage/2/seq": "8"},
	"an intent of unknown time": {"/attempts/0/intent/seq": "5"},
	"attempts by key": {"/attempts": {}},
	"no attempts": {"/attempts": null},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := attempt_order with input as cases.changed("pass/cp1/second_attempt_after_conflict", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

test_no_budget_in_the_runbook_is_none if {
	runbook := object.remove(data.runbooks[cases.current], ["retry_budget"])
	found := attempt_order.deny with input as cases.at("pass/cp1/first_attempt")
		with data.runbooks as {cases.current: runbook}
	[denial.facts | some denial in found] == [{
		"input.attempts": [],
		$`data.runbooks["{cases.current}"].retry_budget`: null,
	}]
}
