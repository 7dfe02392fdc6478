package facts.registers_test

import future.keywords.not

import data.cases
import data.facts.registers

_path := "pass/cp1/first_attempt"

_place := "/observed/gather/body/registers/namespace_baseline/"

# What is changed, and the part of the envelope that does not hold any more.
_changes := {
	"unanswered": ["answered", {"outcome": "unanswered"}],
	"missing": ["answered", {"outcome": "missing"}],
	"malformed": ["answered", {"outcome": "malformed"}],
	"no outcome": ["answered", {"outcome": null}],
	"another source": ["from_source", {"source_id": "other"}],
	"another schema": ["of_schema", {"schema_id": "other"}],
	"another cluster": ["in_scope", {"scope/cluster_id": "other"}],
	"another namespace": ["in_scope", {"scope/namespace": "other"}],
	"old": ["fresh", {"as_of_ms": 0}],
	"a time in words": ["fresh", {"as_of_ms": "now"}],
	"incomplete": ["complete", {"complete": false}],
	"records by key": ["complete", {"records": {"0": 1}}],
	"dropped in words": ["complete", {"dropped": "0"}],
	"dropped below zero": ["complete", {"dropped": -1, "total": 0}],
	"another total": ["complete", {"total": 2}],
}

_holding := ["answered", "from_source", "of_schema", "in_scope", "fresh", "complete"]

test_each_part_of_the_envelope if {
	wrong := {name |
		some name, [part, changes] in _changes
		asked := cases.changed(_path, {$"{_place}{field}": value | some field, value in changes})
		holding := {
			"answered": {1 | registers.answered("namespace_baseline")},
			"from_source": {1 | registers.from_source("namespace_baseline")},
			"of_schema": {1 | registers.of_schema("namespace_baseline")},
			"in_scope": {1 | registers.in_scope("namespace_baseline")},
			"fresh": {1 | registers.fresh("namespace_baseline")},
			"complete": {1 | registers.complete("namespace_baseline")},
			"sound": {1 | registers.sound("namespace_baseline")},
		} with input as asked
		failing := {one | some one, shown in holding; shown == set()}
		failing != {part, "sound"}
	}
	wrong == set()
	every part in _holding { part in {part | some [part, _] in _changes} }
}

test_a_sound_answer if {
	registers.sound("namespace_baseline") with input as cases.at(_path)
	registers.the_record("namespace_baseline").other_labels == 0 with input as cases.at(_path)
}

test_records_are_those_of_a_complete_answer if {
	partial := cases.changed(_path, {$"{_place}complete": false})
	not registers.records("namespace_baseline") with input as partial
	silent := cases.changed(_path, {$"{_place}outcome": "unanswered"})
	not registers.records("namespace_baseline") with input as silent
}

test_null_is_no_scope if {
	cluster := cases.changed(_path, {$"{_place}scope/cluster_id": null, "/opened/body/task/cluster_id": null})
	not registers.in_scope("namespace_baseline") with input as cluster
	namespace := cases.changed(_path, {"/opened/body/task/namespace": null})
	not registers.in_scope("namespace_baseline") with input as namespace
}

test_one_outcome_at_a_time if {
	wrong := {outcome |
		some outcome in ["answered", "unanswered", "missing", "malformed", "exploded", null]
		found := [
			{1 | registers.answered("namespace_baseline")},
			{1 | registers.unanswered("namespace_baseline")},
			{1 | registers.missing("namespace_baseline")},
			{1 | registers.malformed("namespace_baseline")},
		] with input as cases.changed(_path, {$"{_place}outcome": outcome})
		count([one | some one in found; one != set()]) != 1
	}
	wrong == set()
}

test_null_is_no_source_and_no_schema if {
	expected := {"namespace_baseline": {"source_id": null, "schema_id": null, "max_age_ms": 900000}}
	asked := cases.changed(_path, {$"{_place}source_id": null, $"{_place}schema_id": null})
	not registers.from_source("namespace_baseline") with input as asked
		with data.runbooks as cases.ruled({"registers": expected})
	not registers.of_schema("namespace_baseline") with input as asked
		with data.runbooks as cases.ruled({"registers": expected})
}
