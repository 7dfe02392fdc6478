package facts.namespaces_test

import future.keywords.not

import data.cases
import data.facts.namespaces

_asked := cases.at("pass/cp1/first_attempt")

_read := _asked.observed.gather.body.last

# Changes of a read that is sound, and what it is not any more.
_unsound := {
	"another status": ["legible", {"http": {"status": 206}}],
	"no answer": ["legible", {"http": {"outcome": "lost"}}],
	"another name": ["legible", {"object": {"name": "other"}}],
	"an empty version": ["legible", {"object": {"resource_version": ""}}],
	"no phase": ["legible", {"object": {"phase": null}}],
	"an empty phase": ["legible", {"object": {"phase": ""}}],
	"a seventh label": ["legible", {"object": {"labels": {"team": "x"}}}],
	"no markers": ["legible", {"object": {"markers": null}}],
	"no managers": ["legible", {"object": {"managers": null}}],
	"another uid": ["prequalified", {"object": {"uid": "other"}}],
	"another phase": ["alive", {"object": {"phase": "Terminating"}}],
	"a phase of a letter": ["alive", {"object": {"phase": "x"}}],
	"a deletion": ["alive", {"object": {"deletion_ms": 1}}],
}

test_a_sound_read if {
	namespaces.legible(_read) with input as _asked
	namespaces.prequalified(_read) with input as _asked
	namespaces.alive(_read) with input as _asked
	namespaces.sound(_read) with input as _asked
}

test_legible_wants_each_field if {
	wrong := {name |
		some name, [kind, changes] in _unsound
		kind == "legible"
		namespaces.legible(object.union(_read, changes)) with input as _asked
	}
	wrong == set()
}

test_sound_wants_each_part if {
	wrong := {name |
		some name, [_, changes] in _unsound
		namespaces.sound(object.union(_read, changes)) with input as _asked
	}
	wrong == set()
}

test_no_reads_are_neither_sound_nor_admitted if {
	not namespaces.all_sound with input as _asked with namespaces.paths as []
	not namespaces.all_sound with input as cases.at("pass/cp0/intake")
}

test_a_runbook_without_labels_admits_nothing if {
	runbooks := {cases.current: object.union(data.runbooks[cases.current], {"label_keys": []})}
	not namespaces.all_admitted(_read) with input as _asked with data.runbooks as runbooks
	namespaces.all_admitted(_read) with input as _asked
}

test_no_labels_are_not_the_tuple if {
	nothing := cases.changed("pass/cp1/first_attempt", {"/opened/body/task/labels": null})
	not namespaces.restored(object.union(_read, {"object": {"labels": null}})) with input as nothing
}

test_no_namespace_of_the_task_is_none if {
	nothing := cases.changed("pass/cp1/first_attempt", {"/opened/body/task/namespace": null})
	not namespaces.legible(object.union(_read, {"object": {"name": null}})) with input as nothing
}

test_reads_of_each_checkpoint if {
	namespaces.newest_path == ["observed", "gather", "body", "last"] with input as _asked
	namespaces.newest_path == ["observed", "resolve_write", "body", "read"] with input as cases.at("pass/cp2/applied")
	namespaces.paths == [
		["rounds", 1, "body", "servers", 0, "first"],
		["rounds", 1, "body", "servers", 0, "last"],
		["rounds", 1, "body", "servers", 1, "first"],
		["rounds", 1, "body", "servers", 1, "last"],
	] with input as cases.at("pass/cp3/listed_servers")
}

test_another_phase_can_be_read if {
	namespaces.legible(object.union(_read, {"object": {"phase": "x"}})) with input as _asked
	namespaces.legible(object.union(_read, {"object": {"phase": "Terminating"}})) with input as _asked
}

test_no_uid_is_nobodys if {
	nothing := cases.changed("pass/cp1/first_attempt", {"/opened/body/task/drift/namespace_uid": null})
	not namespaces.prequalified(object.union(_read, {"object": {"uid": null}})) with input as nothing
}

test_labels_in_a_list_are_none if {
	not namespaces.labelled(["pod-security.kubernetes.io/enforce"]) with input as _asked
	not namespaces.labelled([]) with input as _asked with data.runbooks as cases.ruled({"label_keys": []})
}

test_a_runbook_of_one_label_admits_it if {
	runbooks := cases.ruled({"label_keys": ["pod-security.kubernetes.io/enforce"]})
	namespaces.all_admitted(_read) with input as _asked with data.runbooks as runbooks
}
