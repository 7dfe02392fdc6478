package facts.writer_test

import future.keywords.not

import data.cases
import data.facts.attempts
import data.facts.writer

# Case, who wrote, what shows it.
_cases := {
	"pass/cp4/restored": ["attempt_1", "shown"],
	"pass/cp4/audit_of_the_write_inferred": ["attempt_1", "inferred"],
	"pass/cp4/second_attempt": ["attempt_2", "shown"],
	"pass/cp4/attempt_without_an_answer": ["attempt_2", "shown"],
	"pass/cp4/landed_without_an_answer_audit_shown": ["attempt_1", "shown"],
	"pass/cp4/nothing_written": ["none", "inferred"],
	"pass/cp4/written_by_somebody_else": ["other", "inferred"],
	"pass/cp4/without_an_answer_and_written_by_somebody_else": ["other", "inferred"],
	"pass/cp4/writer_unknown": ["unknown", "inferred"],
	"pass/cp2/landed_without_an_answer": ["attempt_1", "shown"],
}

test_names if {
	wrong := {path |
		some path, expected in _cases
		found := [writer.name, writer.evidence] with input as cases.at(path)
		not found == expected
	}
	wrong == set()
}

_changed(path, changes) := json.patch(cases.at(path), changes)

test_a_marker_alone_names_the_attempt if {
	asked := _changed("pass/cp4/audit_of_the_write_inferred", [{
		"op": "replace",
		"path": "/attempts/0/observation",
		"value": null,
	}])
	[writer.name, writer.evidence] == ["attempt_1", "inferred"] with input as asked
}

test_an_event_alone_names_the_attempt if {
	asked := _changed("pass/cp4/landed_without_an_answer_audit_shown", [{
		"op": "replace",
		"path": "/observed/resolve_write/body/read/object/markers",
		"value": [],
	}])
	[writer.name, writer.evidence] == ["attempt_1", "shown"] with input as asked
}

test_an_event_without_success_names_nobody if {
	asked := _changed("pass/cp4/landed_without_an_answer_audit_shown", [
		{"op": "replace", "path": "/observed/resolve_write/body/read/object/markers", "value": []},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/events/0/code", "value": 504},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/writes", "value": []},
	])
	[writer.name, writer.evidence] == ["unknown", "inferred"] with input as asked
}

test_a_cut_audit_log_names_nobody if {
	asked := _changed("pass/cp4/without_an_answer_and_written_by_somebody_else", [{
		"op": "replace",
		"path": "/observed/resolve_write/body/audit/complete",
		"value": false,
	}])
	writer.name == "unknown" with input as asked
}

test_a_marker_of_an_unknown_attempt_does_not_count if {
	asked := _changed("pass/cp4/restored", [
		{"op": "replace", "path": "/observed/resolve_write/body/read/object/markers/0/attempt", "value": 7},
		{"op": "replace", "path": "/attempts/0/observation", "value": null},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/events", "value": []},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/writes", "value": []},
	])
	writer.name == "unknown" with input as asked
}

test_the_event_of_another_attempt_does_not_show_it if {
	asked := _changed("pass/cp4/second_attempt", [
		{"op": "replace", "path": "/observed/resolve_write/body/audit/events/0/code", "value": 200},
		{"op": "remove", "path": "/observed/resolve_write/body/audit/events/1"},
	])
	[writer.name, writer.evidence] == ["attempt_2", "inferred"] with input as asked
}

test_an_audit_log_that_did_not_answer_names_nobody if {
	asked := _changed("pass/cp4/without_an_answer_and_written_by_somebody_else", [{
		"op": "replace",
		"path": "/observed/resolve_write/body/audit/outcome",
		"value": "unanswered",
	}])
	writer.name == "unknown" with input as asked
}

# What makes the event of the write one of something else.
_of_something_else := {
	"verb": "update",
	"resource": "pods",
	"dry_run": true,
	"username": "mallory",
	"namespace": "payments-ledger-prod",
	"subresource": "status",
	"stage": "RequestReceived",
	"audit_id": "other",
}

test_only_the_event_of_the_write_shows_it if {
	wrong := {field |
		some field, value in _of_something_else
		path := $"/observed/resolve_write/body/audit/events/0/{field}"
		asked := cases.changed("pass/cp4/restored", {path: value})
		not writer.evidence == "inferred" with input as asked
	}
	wrong == set()
}

test_an_answer_alone_names_the_attempt if {
	asked := _changed("pass/cp4/restored", [
		{"op": "replace", "path": "/observed/resolve_write/body/read/object/markers", "value": []},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/events", "value": []},
	])
	[writer.name, writer.evidence] == ["attempt_1", "inferred"] with input as asked
}

test_a_marker_without_a_number_names_nobody if {
	asked := _changed("pass/cp4/restored", [
		{"op": "replace", "path": "/observed/resolve_write/body/read/object/markers/0/attempt", "value": null},
		{"op": "replace", "path": "/attempts/0/observation", "value": null},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/events", "value": []},
		{"op": "replace", "path": "/observed/resolve_write/body/audit/writes", "value": []},
	])
	writer.name == "unknown" with input as asked
}

_answers := "/attempts/0/observation/body/patched/http/status"

# Nobody's marker, event or write: only the answers are left.
_answered(path, changes) := _changed(path, array.concat(changes, [
	{"op": "replace", "path": "/observed/resolve_write/body/read/object/markers", "value": []},
	{"op": "replace", "path": "/observed/resolve_write/body/audit/events", "value": []},
	{"op": "replace", "path": "/observed/resolve_write/body/audit/writes", "value": []},
]))

test_a_refusal_names_somebody_else if {
	refused := _answered("pass/cp4/restored", [{"op": "replace", "path": _answers, "value": 403}])
	writer.name == "other" with input as refused
}

test_one_refusal_of_two_names_nobody if {
	path := "/attempts/1/observation"
	in_doubt := {"op": "replace", "path": path, "value": null}
	refused := {"op": "replace", "path": _answers, "value": 403}
	writer.name == "unknown" with input as _answered("pass/cp4/second_attempt", [refused, in_doubt])
}

_written_at(ms) := _changed("pass/cp4/without_an_answer_and_written_by_somebody_else", [{
	"op": "replace",
	"path": "/observed/resolve_write/body/audit/writes/0/stage_ms",
	"value": ms,
}])

test_only_a_write_since_the_first_read_names_somebody_else if {
	since := attempts.since_ms with input as cases.at("pass/cp4/without_an_answer_and_written_by_somebody_else")
	writer.name == "other" with input as _written_at(since)
	not writer.name == "other" with input as _written_at(since - 1)
}
