package facts.lookup_test

import data.facts.lookup

_asked := {"a": {"b-c/d": [{"e": null}, 2], "\"": 3}}

test_reads_paths_as_rego_writes_them if {
	paths := [["a", "b-c/d", 0, "e"], ["a", "b-c/d", 1], ["a", "\""], ["a", "no", "such"], ["a", "b-c/d", 7], []]
	found := lookup.at(paths) with input as _asked
	found == {
		`input.a["b-c/d"][0].e`: null,
		`input.a["b-c/d"][1]`: 2,
		`input.a["\""]`: 3,
		`input.a.no.such`: null,
		`input.a["b-c/d"][7]`: null,
		`input`: _asked,
	}
}

test_reads_several_fields if {
	found := lookup.fields(["a"], ["b-c/d", "x"]) with input as {"a": {"b-c/d": 1}}
	found == {`input.a["b-c/d"]`: 1, `input.a.x`: null}
}

_ruled := {"opened": {"body": {"task": {"runbook": "R-v1"}}}}

test_reads_the_runbook_of_the_task if {
	found := lookup.of_runbook(["steps", 1]) with input as _ruled with data.runbooks as {"R-v1": {"steps": ["a", "b"]}}
	found == {`data.runbooks["R-v1"].steps[1]`: "b"}
}

test_reads_nothing_of_a_runbook_that_is_not_known if {
	lookup.of_runbook(["steps"]) == {`data.runbooks["R-v1"].steps`: null} with input as _ruled
	lookup.of_runbook(["steps"]) == {"data.runbooks[null].steps": null} with input as {}
}

test_finds_nothing_in_no_object if {
	lookup.value(["a", "b"]) == null with input as "text"
	lookup.value(["a", "b"]) == null with input as null
	lookup.value(["a", "b"]) == null with input as {"a": 1}
}
