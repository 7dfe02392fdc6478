package actions.verify_test

import data.actions.verify
import data.cases

_pending := cases.at("fail/verification_reconciliation/event_pending")

test_asks_for_the_events_that_are_missing if {
	verify.params.audit_ids == [_pending.rounds[1].body.servers[0].probes[3].audit_id] with input as _pending
	verify.params.audit_ids == [] with input as cases.at("pass/cp2/applied")
}

test_asks_for_no_event_of_a_probe_without_an_answer if {
	asked := cases.at("fail/verification_reconciliation/probe_unanswered")
	verify.params.audit_ids == [] with input as asked
}

test_looks_for_writes_since_the_last_read_before_the_first_attempt if {
	asked := cases.at("pass/cp2/second_attempt_applied")
	intent := asked.attempts[0].intent
	verify.params.since_ms == intent.body.read_date_ms with input as asked
	unknown := cases.changed("pass/cp2/second_attempt_applied", {"/attempts/0/intent/body/read_date_ms": null})
	verify.params.since_ms == intent.at_ms with input as unknown
	nothing := cases.at("pass/cp2/nothing_to_write")
	verify.params.since_ms == nothing.opened.at_ms with input as nothing
}
