package actions.resolve_write_test

import future.keywords.not

import data.actions.patch_labels
import data.actions.resolve_write
import data.cases

_write := {
	"pass/cp1/first_attempt",
	"pass/cp1/second_attempt_after_conflict",
	"pass/cp1/second_attempt_in_doubt",
	"pass/cp1/second_attempt_overtaken",
}

_look := {
	"pass/cp1/already_restored",
	"pass/cp1/moved_since_it_was_resolved",
	"pass/cp1/landed_since_it_was_resolved",
}

test_either_writes_or_looks if {
	wrong := {path |
		some path in (_write | _look)
		asked := cases.at(path)
		writes := [params | params := patch_labels.params with input as asked]
		looks := [params | params := resolve_write.params with input as asked]
		not _one(path, writes, looks)
	}
	wrong == set()
}

test_looks_up_every_attempt if {
	asked := cases.at("pass/cp2/second_attempt_applied")
	resolve_write.params.audit_ids == [attempt.intent.sha256 | some attempt in asked.attempts] with input as asked
	count(asked.attempts) == 2
}

test_neither_onto_a_namespace_that_is_not_sound if {
	asked := cases.at("fail/namespace_identity/terminating")
	not patch_labels.params with input as asked
	not resolve_write.params with input as asked
}

test_not_by_itself_where_no_observation_is_judged if {
	not resolve_write.params with input as cases.at("pass/cp0/intake")
	not resolve_write.params with input as cases.at("pass/cp3/second_round")
}

test_not_from_a_moment_in_words if {
	in_words := {"/attempts/0/intent/at_ms": "now", "/attempts/0/intent/body/read_date_ms": null}
	not resolve_write.params with input as cases.changed("pass/cp2/applied", in_words)
	not resolve_write.params with input as cases.at("pass/cp2/applied")
		with data.runbooks as cases.ruled({"limits_ms": {"skew": "5000"}})
}

_one(path, writes, looks) if {
	path in _write
	count(writes) == 1
	looks == []
}

_one(path, writes, looks) if {
	path in _look
	writes == []
	count(looks) == 1
}

# The write is in doubt and the namespace moved: at cp1 this asks for a look, unless the namespace is not sound.
test_a_look_is_for_the_checkpoint_before_a_write if {
	resolve_write.params with input as cases.at("pass/cp1/moved_since_it_was_resolved")
	path := "/observed/gather/body/last/object/phase"
	not resolve_write.params with input as cases.changed("pass/cp1/moved_since_it_was_resolved", {path: "Terminating"})
	in_doubt := cases.changed("pass/cp3/second_round", {
		"/attempts/0/observation": null,
		"/observed/resolve_write/body/read/object/resource_version": "1",
	})
	not resolve_write.params with input as in_doubt
}
