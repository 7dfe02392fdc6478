package checks.task_contract_test

import future.keywords.not

import data.cases
import data.checks.task_contract

test_passes if {
	wrong := {name |
		some name, asked in cases.good.task_contract
		found := task_contract with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.task_contract) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.task_contract
		found := task_contract with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.task_contract) > 0
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"no time": {"/now_ms": null},
	"an end in words": {"/opened/body/task/prequalification/until_ms": "later"},
	"labels in a list": {"/opened/body/task/labels": []},
	"a number as a label": {"/opened/body/task/labels/pod-security.kubernetes.io~1enforce": 1},
	"a budget in words": {"/opened/body/task/retry_budget": "2"},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := task_contract with input as cases.changed("pass/cp0/intake", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

test_no_labels_are_malformed_labels if {
	lacking := [{"op": "remove", "path": "/opened/body/task/labels"}, {"op": "remove", "path": "/opened/body/task/drift"}]
	found := task_contract with input as json.patch(cases.at("pass/cp0/intake"), lacking)
	cases.codes(found) == {"task_contract.labels_malformed", "task_contract.drift_malformed"}
}

test_a_budget_in_words_agrees_with_nothing if {
	asked := cases.changed("pass/cp0/intake", {"/opened/body/task/retry_budget": "2"})
	found := task_contract with input as asked with data.runbooks as cases.ruled({"retry_budget": "2"})
	cases.codes(found) == {"task_contract.budget_differs"}
	none := object.remove(data.runbooks[cases.current], ["retry_budget"])
	facts := [denial.facts | some denial in task_contract.deny] with input as cases.at("pass/cp0/intake")
		with data.runbooks as {cases.current: none}
	facts == [{"input.opened.body.task.retry_budget": 2, $`data.runbooks["{cases.current}"].retry_budget`: null}]
}
