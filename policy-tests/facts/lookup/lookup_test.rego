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

test_finds_nothing_in_no_object if {
	lookup.value(["a", "b"]) == null with input as "text"
	lookup.value(["a", "b"]) == null with input as null
	lookup.value(["a", "b"]) == null with input as {"a": 1}
}
