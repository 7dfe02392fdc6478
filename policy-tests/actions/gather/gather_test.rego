package actions.gather_test

import future.keywords.not

import data.actions.gather
import data.cases

_intake := "pass/cp0/intake"

test_reads_what_the_runbook_names if {
	asked := cases.at(_intake)
	gather.params == {
		"cluster_id": asked.opened.body.task.cluster_id,
		"namespace": asked.opened.body.task.namespace,
		"labels": asked.opened.body.task.labels,
		"sources": data.runbooks[cases.current].sources,
	} with input as asked
}

test_writes_no_label_but_the_runbooks_in_its_dry_run if {
	more := json.patch(cases.at(_intake), [{"op": "add", "path": "/opened/body/task/labels/team", "value": "a"}])
	not "team" in object.keys(gather.params.labels) with input as more
	count(gather.params.labels) == 6 with input as more
}

test_reads_nothing_without_a_target if {
	wrong := {[place, value] |
		some place in ["/opened/body/task/cluster_id", "/opened/body/task/namespace"]
		some value in [null, "", 7]
		gather.params with input as cases.changed(_intake, {place: value})
	}
	wrong == set()
}

test_a_name_is_any_text_of_a_letter_or_more if {
	gather.params.namespace == "x" with input as cases.changed(_intake, {"/opened/body/task/namespace": "x"})
}
