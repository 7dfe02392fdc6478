package facts.attempts_test

import future.keywords.not

import data.cases
import data.facts.attempts

_second := "pass/cp1/second_attempt_in_doubt"

test_the_latest_word_is_later_than_the_attempt if {
	attempts.latest_word.body.verdict == "retry" with input as cases.at(_second)
	not attempts.latest_word with input as cases.changed(_second, {"/lineage/2/seq": 5})
	not attempts.latest_word with input as cases.changed(_second, {"/lineage/2/seq": "8"})
	not attempts.latest_word with input as cases.changed(_second, {"/attempts/0/intent/seq": null})
	not attempts.latest_word with input as cases.changed(_second, {"/lineage": []})
	not attempts.latest_word with input as cases.at("pass/cp1/first_attempt")
}

test_resolved_since_the_attempt if {
	attempts.resolved with input as cases.at(_second)
	not attempts.resolved with input as cases.changed(_second, {"/observed/resolve_write/seq": 5})
	not attempts.resolved with input as cases.changed(_second, {"/observed/resolve_write/seq": "7"})
	not attempts.resolved with input as cases.changed(_second, {"/observed/resolve_write": null})
	not attempts.resolved with input as cases.changed(_second, {"/attempts": [], "/observed/resolve_write": null})
	attempts.resolved with input as cases.changed(_second, {"/attempts": []})
}

_here(version) := {"object": {"resource_version": version}}

test_a_state_is_known_while_it_has_not_moved if {
	sent := cases.at(_second).attempts[0].intent.body.resource_version
	attempts.known(_here(sent)) with input as cases.at(_second)
	not attempts.known(_here("7")) with input as cases.at(_second)
	not attempts.known(_here(null)) with input as cases.at(_second)
	attempts.known(_here("7")) with input as cases.at("pass/cp1/second_attempt_after_conflict")
	attempts.known(_here("7")) with input as cases.at("pass/cp1/first_attempt")
}

test_a_state_is_known_where_the_retry_was_decided_on_it if {
	place := "/observed/resolve_write/body/read/object/resource_version"
	attempts.known(_here("7")) with input as cases.changed(_second, {place: "7"})
	not attempts.known(_here("7")) with input as cases.changed(_second, {place: "7", "/observed/resolve_write/seq": 4})
	not attempts.known(_here(null)) with input as cases.changed(_second, {place: null})
}

test_nothing_is_known_where_attempts_are_miscounted if {
	asked := cases.changed("pass/cp1/second_attempt_after_conflict", {"/attempts/0/attempt": 2})
	not attempts.known(_here("7")) with input as asked
}

test_no_budget_leaves_nothing if {
	runbook := object.union(data.runbooks[cases.current], {"retry_budget": "9"})
	runbooks := {cases.current: runbook}
	not attempts.left with input as cases.at("pass/cp1/first_attempt") with data.runbooks as runbooks
}

test_attempts_that_are_no_list_are_not_counted if {
	by_key := cases.changed("pass/cp1/first_attempt", {"/attempts": {}})
	not attempts.number with input as by_key
	not attempts.counted with input as by_key
	not attempts.audit_ids with input as by_key
}

# A decision to try again speaks of an attempt.
test_an_attempt_that_the_ledger_lost_is_missed if {
	not attempts.counted with input as cases.changed(_second, {"/attempts": []})
	not attempts.counted with input as cases.changed("pass/cp1/first_attempt", {"/lineage": {}})
	not attempts.counted with input as cases.changed("pass/cp1/first_attempt", {"/lineage": null})
	attempts.counted with input as cases.changed(_second, {"/attempts": [], "/lineage/2/body/step": "another"})
	attempts.counted with input as cases.at("pass/cp1/first_attempt")
}

test_an_answer_that_is_missing_leaves_the_write_in_doubt if {
	path := "/attempts/0/observation/body/patched"
	not attempts.known(_here("7")) with input as cases.changed("pass/cp1/second_attempt_after_conflict", {path: null})
}

test_writes_matter_since_the_intent_where_its_read_is_not_dated if {
	undated := {"op": "remove", "path": "/attempts/0/intent/body/read_date_ms"}
	asked := json.patch(cases.at(_second), [undated])
	attempts.since_ms == asked.attempts[0].intent.at_ms with input as asked
}

test_a_write_that_was_applied_is_in_no_doubt if {
	path := "/attempts/0/observation/body/patched/http"
	asked := cases.at("pass/cp1/second_attempt_after_conflict")
	applied := object.union(asked.attempts[0].observation.body.patched.http, {"status": 200, "reason": null})
	attempts.known(_here("7")) with input as cases.changed("pass/cp1/second_attempt_after_conflict", {path: applied})
}

_marked(write) := {"run": "01kq3v", "attempt": write}

_two_steps(block) := cases.changed("pass/cp1/second_attempt_in_doubt", {"/lineage/0/body": block})

# A write of an earlier step, and then one of this step: the second of the run.
test_markers_of_an_earlier_step_are_told_apart if {
	read := {"object": {"markers": [_marked(1), _marked(2), _marked(null), object.union(_marked(2), {"run": "01other"})]}}
	asked := _two_steps({"step": "announce", "action": "patch_labels"})
	attempts.markers(read) == [_marked(2), _marked(null)] with input as asked
	attempts.markers(read) == [_marked(1), _marked(2), _marked(null)] with input as _two_steps({"step": "announce"})
	attempts.markers(read) == [_marked(1), _marked(2), _marked(null)] with input as _two_steps({"action": "patch_labels"})
}

test_the_ledger_is_behind_a_marker_that_nobody_wrote if {
	asked := _two_steps({"step": "announce", "action": "patch_labels"})
	not attempts.ledger_behind({"object": {"markers": [_marked(1), _marked(2)]}}) with input as asked
	attempts.ledger_behind({"object": {"markers": [_marked(3)]}}) with input as asked
	attempts.ledger_behind({"object": {"markers": [_marked(null)]}}) with input as asked
	attempts.ledger_behind({"object": {"markers": [_marked(2)]}}) with input as cases.at(_second)
}
