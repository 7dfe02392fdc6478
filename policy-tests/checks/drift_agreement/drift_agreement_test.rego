package checks.drift_agreement_test

import future.keywords.not

import data.cases
import data.checks.drift_agreement
import data.facts.namespaces

test_passes if {
	wrong := {name |
		some name, asked in cases.good.drift_agreement
		found := drift_agreement with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.drift_agreement) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.drift_agreement
		found := drift_agreement with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.drift_agreement) > 0
}

test_keeps_silent if {
	wrong := {path |
		some path in [
			"fail/namespace_identity/missing",
			"fail/namespace_identity/unanswered",
			"fail/namespace_identity/forbidden",
			"fail/namespace_identity/terminating",
			"fail/namespace_identity/recreated",
			"fail/namespace_identity/second_read_unreadable",
			"fail/namespace_identity/terminating_after_the_write",
		]
		found := drift_agreement with input as cases.at(path)
		not cases.silent(found)
	}
	wrong == set()
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"a manager of a number": {"/observed/gather/body/last/object/managers": [7]},
	"a manager of null": {"/observed/gather/body/last/object/managers": [null]},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := drift_agreement with input as cases.changed("pass/cp1/first_attempt", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

test_reconcilers_that_are_not_listed_are_not_known if {
	runbook := object.union(data.runbooks[cases.current], {"reconcilers": null})
	asked := cases.at("pass/cp1/first_attempt")
	not drift_agreement.pass with input as asked with data.runbooks as {cases.current: runbook}
}

# What the runbook admits, and whether a label may have the approved value, the prequalified one, another one.
_admitting := {
	"as it is": [{"admit": ["approved", "prequalified"]}, [1, 1, 0]],
	"approved only": [{"admit": ["approved"]}, [1, 0, 0]],
	"prequalified only": [{"admit": ["prequalified"]}, [0, 1, 0]],
	"none": [{"admit": []}, [0, 0, 0]],
	"something else": [{"admit": ["any"]}, [0, 0, 0]],
	"nothing said": [null, [0, 0, 0]],
}

test_admits_what_the_runbook_admits if {
	asked := cases.at("pass/cp1/first_attempt")
	key := "pod-security.kubernetes.io/enforce"
	values := [asked.opened.body.task.labels[key], asked.opened.body.task.drift.labels[key], "odd"]
	wrong := {name |
		some name, [drift, expected] in _admitting
		runbook := object.union(data.runbooks[cases.current], {"drift": drift})
		some index, value in values
		found := {true | namespaces.admitted({"object": {"labels": {key: value}}}, key)} with input as asked
			with data.runbooks as {cases.current: runbook}
		count(found) != expected[index]
	}
	wrong == set()
}

# That there is no dry run is for dry_run_agreement to say.
test_no_dry_run_is_no_conflict if {
	found := drift_agreement with input as cases.changed("pass/cp1/first_attempt", {"/observed/gather/body/dry_run": null})
	cases.passes(found)
}
