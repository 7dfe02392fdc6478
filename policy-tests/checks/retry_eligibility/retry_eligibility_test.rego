package checks.retry_eligibility_test

import future.keywords.not

import data.cases
import data.checks.retry_eligibility

test_passes if {
	wrong := {name |
		some name, asked in cases.good.retry_eligibility
		found := retry_eligibility with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.retry_eligibility) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.retry_eligibility
		found := retry_eligibility with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.retry_eligibility) > 0
}

test_keeps_silent if {
	wrong := {path |
		some path in [
			"fail/namespace_identity/missing_after_the_write",
			"fail/namespace_identity/recreated_after_the_write",
			"fail/namespace_identity/unanswered_after_the_write",
			"fail/namespace_identity/terminating_after_the_write",
			"fail/drift_agreement/foreign_value_after_a_conflict",
			"fail/drift_agreement/foreign_value_while_in_doubt",
		]
		found := retry_eligibility with input as cases.at(path)
		not cases.silent(found)
	}
	wrong == set()
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"a number in words": {"/observed/resolve_write/seq": "9"},
	"an intent of unknown time": {"/attempts/0/intent/seq": null},
	"a marker of a number in words": {"/observed/resolve_write/body/read/object/markers/0/attempt": "1"},
	"a marker of null": {"/observed/resolve_write/body/read/object/markers/0/attempt": null},
	"attempts by key": {"/attempts": {}},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := retry_eligibility with input as cases.changed("pass/cp2/applied", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

_name := cases.current

_with(changes) := {_name: object.union(data.runbooks[_name], changes)}

_codes(denials) := {denial.code | some denial in denials}

# Each limit that the runbook does not state, or not in numbers, allows nothing.
_limits := [
	["retry_eligibility.unsettled", "in_doubt", {"limits_ms": {"settle": null}}],
	["retry_eligibility.unsettled", "in_doubt", {"limits_ms": {"settle": false}}],
	["retry_eligibility.second_conflict", "conflict", {"conflicts": null}],
	["retry_eligibility.second_conflict", "conflict", {"conflicts": "1"}],
	["retry_eligibility.retries_spent", "conflict", {"retries": null}],
	["retry_eligibility.retries_spent", "conflict", {"retries": "2"}],
	["retry_eligibility.budget_spent", "conflict", {"retry_budget": null}],
]

test_a_limit_that_is_not_there_allows_nothing if {
	wrong := {[code, changes] |
		some [code, name, changes] in _limits
		found := retry_eligibility.deny with input as cases.at($"fail/retry_eligibility/{name}")
			with data.runbooks as _with(changes)
		not _codes(found) == {code}
	}
	wrong == set()
}

test_an_audit_log_whose_writes_are_no_list_shows_nothing if {
	asked := cases.changed("fail/retry_eligibility/overtaken", {"/observed/resolve_write/body/audit/writes": {}})
	found := retry_eligibility.deny with input as asked
	_codes(found) == {"retry_eligibility.audit_insufficient"}
}

# What a write without an answer would have stored is not known, whatever the record says.
test_only_a_write_that_was_applied_was_stored if {
	path := "/attempts/0/observation/body/patched/http/status"
	found := retry_eligibility.deny with input as cases.changed("fail/retry_eligibility/stored_differs", {path: 504})
	not "retry_eligibility.stored_differs" in _codes(found)
}

# With a greater budget a conflict may follow a write that is in doubt, and has to be shown not to have landed.
test_a_conflict_after_a_write_in_doubt_needs_the_audit_log if {
	moved := cases.at("fail/retry_eligibility/overtaken").observed.resolve_write.body
	case := "fail/retry_eligibility/conflict_after_a_write_without_an_answer"
	asked := cases.changed(case, {
		"/observed/resolve_write/body/audit": moved.audit,
		"/observed/resolve_write/body/read": moved.read,
	})
	found := retry_eligibility.deny with input as asked with data.runbooks as _with({"retry_budget": 3})
	_codes(found) == {"retry_eligibility.overtaken"}
}

test_no_lineage_allows_nothing if {
	asked := cases.changed("fail/retry_eligibility/conflict", {"/lineage": null})
	found := retry_eligibility.deny with input as asked
	_codes(found) == {"retry_eligibility.retries_spent"}
}

_explained := cases.at("fail/retry_eligibility/overtaken")

_log := _explained.observed.resolve_write.body.audit

_read := _explained.observed.resolve_write.body.read

_with_writes(asked, writes) := json.patch(asked, [{
	"op": "replace",
	"path": "/observed/resolve_write/body/audit/writes",
	"value": writes,
}])

_explaining := [event | some event in _log.writes; event.resource_version == _read.object.resource_version]

test_every_write_that_explains_the_state_is_a_while_ago if {
	count(_explaining) == 1
	now := object.union(_explaining[0], {"stage_ms": _read.http.date_ms})
	twice := _with_writes(_explained, array.concat(_log.writes, [now]))
	"retry_eligibility.audit_behind" in {denial.code | some denial in retry_eligibility.deny} with input as twice
}

# What the audit log says of a namespace that has not moved.
_unmoved := [
	[],
	[object.union(_explaining[0], {"resource_version": "48211"})],
	[object.union(_explaining[0], {"change": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}})],
]

test_nothing_is_said_of_who_moved_what_has_not_moved if {
	every writes in _unmoved {
		asked := _with_writes(cases.at("fail/retry_eligibility/in_doubt"), writes)
		codes := {denial.code | some denial in retry_eligibility.deny} with input as asked
		codes == {"retry_eligibility.in_doubt"}
	}
}
