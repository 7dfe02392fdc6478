package actions.patch_labels_test

import future.keywords.not

import data.actions.patch_labels
import data.cases

test_a_go_does_not_outlive_the_deadline if {
	asked := cases.at("pass/cp1/first_attempt")
	patch_labels.params.not_after_ms == asked.now_ms + 10000 with input as asked
	late := cases.changed("pass/cp1/first_attempt", {"/opened/body/deadline_ms": asked.now_ms + 1})
	patch_labels.params.not_after_ms == asked.now_ms + 1 with input as late
}

test_no_go_without_clocks if {
	not patch_labels.params with input as cases.changed("pass/cp1/first_attempt", {"/now_ms": null})
	not patch_labels.params with input as cases.changed("pass/cp1/first_attempt", {"/opened/body/deadline_ms": null})
}

test_writes_every_label_of_the_runbook if {
	asked := cases.at("pass/cp1/label_left_out_by_the_tuple")
	params := patch_labels.params with input as asked
	params.labels == asked.opened.body.task.labels
	params.labels["pod-security.kubernetes.io/warn-version"] == null
	count(params.labels) == 6
}

test_writes_no_label_but_the_runbooks if {
	path := "/opened/body/task/labels/team"
	more := json.patch(cases.at("pass/cp1/first_attempt"), [{"op": "add", "path": path, "value": "a"}])
	count(patch_labels.params.labels) == 6 with input as more
}

test_the_params_are_those_that_the_executor_wants if {
	params := patch_labels.params with input as cases.at("pass/cp1/first_attempt")
	object.keys(params) == {"namespace", "uid", "resource_version", "labels", "not_after_ms"}
}
