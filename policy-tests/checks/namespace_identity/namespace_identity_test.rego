package checks.namespace_identity_test

import future.keywords.not

import data.cases
import data.checks.namespace_identity

test_passes if {
	wrong := {name |
		some name, asked in cases.good.namespace_identity
		found := namespace_identity with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.namespace_identity) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.namespace_identity
		found := namespace_identity with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.namespace_identity) > 0
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"a name of null": {"/observed/gather/body/last/object/name": null, "/opened/body/task/namespace": null},
	"uids of null": {"/observed/gather/body/last/object/uid": null, "/opened/body/task/drift/namespace_uid": null},
	"uids of numbers": {
		"/observed/gather/body/first/object/uid": 7,
		"/observed/gather/body/last/object/uid": 7,
		"/opened/body/task/drift/namespace_uid": 7,
	},
	"a version of a number": {"/observed/gather/body/last/object/resource_version": 48211},
	"a phase of a number": {"/observed/gather/body/last/object/phase": 1},
	"markers by key": {"/observed/gather/body/last/object/markers": {}},
	"managers by key": {"/observed/gather/body/last/object/managers": {}},
	"labels in a list": {"/observed/gather/body/last/object/labels": []},
	"a number as a label": {"/observed/gather/body/last/object/labels/pod-security.kubernetes.io~1warn": 1},
	"being deleted in words": {"/observed/gather/body/last/object/deletion_ms": "now"},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := namespace_identity with input as cases.changed("pass/cp1/first_attempt", values)
		not cases.denies_something(found)
	}
	wrong == set()
}
