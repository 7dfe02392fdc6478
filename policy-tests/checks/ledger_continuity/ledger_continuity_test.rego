package checks.ledger_continuity_test

import future.keywords.not

import data.cases
import data.checks.ledger_continuity

test_passes if {
	wrong := {name |
		some name, asked in cases.good.ledger_continuity
		found := ledger_continuity with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.ledger_continuity) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.ledger_continuity
		found := ledger_continuity with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.ledger_continuity) > 0
}

_ledger := "/observed/gather/body/ledger"

_here := {"system_identifier": "7518223694587001234", "timeline_id": 1}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"no ledger": {_ledger: null},
	"a database without its fields": {$"{_ledger}/database": {}, $"{_ledger}/recorded_by": [{}]},
	"a database by name": {$"{_ledger}/database": "gate", $"{_ledger}/recorded_by": ["gate"]},
	"a timeline in words": {
		$"{_ledger}/database": object.union(_here, {"timeline_id": "1"}),
		$"{_ledger}/recorded_by": [object.union(_here, {"timeline_id": "1"})],
	},
	"recorders by key": {$"{_ledger}/recorded_by": {}},
	"known runs by key": {$"{_ledger}/known_runs": {}},
	"another recorder": {$"{_ledger}/recorded_by": [_here]},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := ledger_continuity with input as cases.changed("pass/cp1/first_attempt", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

# Another check denies on it.
test_is_silent_where_the_namespace_was_not_read if {
	found := ledger_continuity with input as cases.changed(
		"pass/cp1/first_attempt",
		{"/observed/gather/body/first/object": null},
	)
	cases.silent(found)
}

# Runs without a name are nobody's.
test_markers_without_a_run_are_of_an_unknown_one if {
	found := ledger_continuity with input as cases.changed(
		"pass/cp1/first_attempt",
		{"/observed/gather/body/first/object/markers": [{"manager": "rbgate", "attempt": 1}]},
	)
	cases.codes(found) == {"ledger_continuity.unknown_run"}
}
