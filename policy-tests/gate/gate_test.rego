package gate_test

import future.keywords.not

import data.cases
import data.gate

# What the runbook, a check or an action would have to be like for the gate alone to notice.
_runbook := data.runbooks[cases.current]

_first_attempt := cases.at("pass/cp1/first_attempt")

# Several tests share the cases, because each has a limit of time.
_registers := {"register_agreement", "waiver_absence"}

_cluster := {"cluster_identity", "namespace_identity"}

_verification := {"verification_reconciliation"}

_others := object.keys(data.fixtures.fail) - ((_registers | _cluster) | _verification)

_codes(decision) := {denial.code | some denial in decision.denials}

test_decides_on_good_inputs if {
	wrong := {name |
		some group in {"cp0", "cp1", "cp2"}
		some name, case in cases.of_group[group]
		not _right(gate.decision, case) with input as case.input
	}
	wrong == set()
}

test_decides_on_good_verifications if {
	wrong := {name |
		some group in {"cp3", "cp4"}
		some name, case in cases.of_group[group]
		not _right(gate.decision, case) with input as case.input
	}
	wrong == set()
}

test_decides_where_a_register_does_not_agree if {
	wrong := {name |
		some group in _registers
		some name, case in cases.of_group[group]
		not _right(gate.decision, case) with input as case.input
	}
	wrong == set()
}

test_decides_where_the_cluster_does_not_agree if {
	wrong := {name |
		some group in _cluster
		some name, case in cases.of_group[group]
		not _right(gate.decision, case) with input as case.input
	}
	wrong == set()
}

test_decides_where_a_verification_fails if {
	wrong := {name |
		some group in _verification
		some name, case in cases.of_group[group]
		not _right(gate.decision, case) with input as case.input
	}
	wrong == set()
}

test_decides_where_anything_else_fails if {
	wrong := {name |
		some group in _others
		some name, case in cases.of_group[group]
		not _right(gate.decision, case) with input as case.input
	}
	wrong == set()
}

test_there_are_cases if {
	count(data.fixtures.pass) == 5
	count(data.fixtures.fail) > 10
}

test_cases_of_every_check_and_of_the_gate if {
	known := {check | some table in _runbook.checkpoints.restore; some check in table.checks} | {"gate"}
	object.keys(data.fixtures.fail) == known
}

_strange := {
	"no object": "text",
	"null": null,
	"empty": {},
	"empty task": {"opened": {"body": {"task": {}}}},
	"numbers": {
		"run_id": 1,
		"step": 2,
		"checkpoint": 3,
		"ledger_head": 4,
		"opened": {"body": {"task": {"runbook": 5}}},
	},
}

test_escalates_what_it_does_not_know if {
	wrong := {name |
		some name, asked in _strange
		not _unknown(gate.decision) with input as asked
	}
	wrong == set()
}

test_a_check_that_the_bundle_lacks_denies if {
	_silent({"no_such_check"}, gate.decision) with input as _first_attempt
		with data.runbooks as _with_checks(["task_contract", "no_such_check"])
}

test_a_check_that_the_bundle_lacks_denies_beside_a_wait if {
	decision := gate.decision with input as cases.at("fail/drift_agreement/moved_between_the_reads")
		with data.runbooks as _with_checks(["drift_agreement", "no_such_check"])
	_silent({"no_such_check"}, decision)
	"drift_agreement.moved" in _codes(decision)
}

test_a_check_that_says_nothing_denies if {
	_silent({"retry_eligibility"}, gate.decision) with input as _first_attempt
		with data.runbooks as _with_checks(["task_contract", "retry_eligibility"])
		with data.checks.retry_eligibility.deny as set()
}

test_a_check_may_keep_silent_while_another_denies if {
	decision := gate.decision with input as cases.at("fail/namespace_identity/unanswered")
	decision.verdict == "wait"
	not "gate.check_silent" in _codes(decision)
}

test_a_denial_beside_a_pass_denies if {
	decision := gate.decision with input as _first_attempt
		with data.checks.lineage.pass as true
		with data.checks.lineage.deny as {{"code": "lineage.not_allowed", "message": "", "solution": "", "facts": {}}}
		with data.runbooks as _with_checks(["task_contract", "lineage"])
	decision.verdict == "escalate"
	_codes(decision) == {"lineage.not_allowed"}
}

test_no_checks_deny if {
	decision := gate.decision with input as _first_attempt with data.runbooks as _with_checks([])
	decision.verdict == "escalate"
	_codes(decision) == {"gate.nothing_to_check"}
}

test_one_check_is_something_to_check if {
	decision := gate.decision with input as _first_attempt with data.runbooks as _with_checks(["task_contract"])
	decision.verdict == "proceed"
}

test_two_actions_are_none if {
	_undecided(["gather", "patch_labels"], gate.decision) with input as _first_attempt
		with data.runbooks as _with_candidates(["gather", "patch_labels"])
}

test_no_action_is_none if {
	_undecided([], gate.decision) with input as _first_attempt with data.runbooks as _with_candidates(["finish"])
	_undecided([], gate.decision) with input as _first_attempt with data.runbooks as _with_candidates([])
	_undecided([], gate.decision) with input as _first_attempt with data.runbooks as _with_candidates(["no_such_action"])
}

test_a_candidate_may_lead_to_the_next_step if {
	allowed := [{"action": "gather", "checkpoint": "cp1", "step": "unlock"}]
	decision := gate.decision with input as _first_attempt
		with data.runbooks as _patched([{"op": "replace", "path": ["cp1", "next", "proceed"], "value": allowed}])
	decision.verdict == "proceed"
	decision.next.step == "unlock"
}

test_no_deadline_is_a_past_one if {
	asked := json.patch(_first_attempt, [{"op": "replace", "path": "/opened/body/deadline_ms", "value": null}])
	decision := gate.decision with input as asked
	decision.verdict == "escalate"
	_codes(decision) == {"gate.action_undecided", "gate.deadline_passed"}
}

# A comparison of null or a string with a number has an answer, but says nothing.
_clocks := {
	"no time": {"path": "/now_ms", "value": null},
	"no deadline": {"path": "/opened/body/deadline_ms", "value": null},
	"a deadline in words": {"path": "/opened/body/deadline_ms", "value": "tomorrow"},
}

test_a_wait_without_a_clock_is_past_the_deadline if {
	wrong := {name |
		some name, clock in _clocks
		asked := json.patch(cases.at("fail/verification_reconciliation/one_round"), [object.union(clock, {"op": "replace"})])
		not _late(gate.decision) with input as asked
	}
	wrong == set()
}

test_a_write_keeps_the_deadline_where_the_checkpoint_does_not if {
	late := json.patch(_first_attempt, [{"op": "replace", "path": "/opened/body/deadline_ms", "value": 1}])
	decision := gate.decision with input as late
		with data.runbooks as _patched([{"op": "replace", "path": ["cp1", "stops_at_deadline"], "value": false}])
	decision.verdict == "escalate"
	_codes(decision) == {"gate.deadline_passed"}
}

# Codes that the check answers with, and the verdict.
_answers := {
	"wait": {"retry_eligibility.conflict", "namespace_identity.unanswered"},
	"retry": {"retry_eligibility.conflict"},
	"escalate": {"retry_eligibility.conflict", "retry_eligibility.refused"},
}

test_wait_beats_retry_and_escalation_both if {
	every verdict, codes in _answers {
		denials := {{"code": code, "message": "", "solution": "", "facts": {}} | some code in codes}
		decision := gate.decision with input as cases.at("fail/retry_eligibility/conflict")
			with data.checks.retry_eligibility.deny as denials
		decision.verdict == verdict
	}
}

test_a_wait_without_a_length_is_none if {
	decision := gate.decision with input as cases.at("fail/namespace_identity/unanswered")
		with data.runbooks as {cases.current: object.union(_runbook, {"limits_ms": {"pause": {"cp1": null}}})}
	decision.verdict == "escalate"
	_codes(decision) == {"gate.action_undecided", "namespace_identity.unanswered"}
}

_fields := {
	"checkpoint",
	"denials",
	"input_sha256",
	"ledger_head",
	"next",
	"run_id",
	"runbook",
	"schema",
	"step",
	"verdict",
}

_right(decision, case) if {
	decision == case.expected
	every denial in decision.denials { _explained(denial) }
	object.keys(decision) == _fields
	_echoes(decision, case.input)
}

_echoes(decision, asked) if {
	echoed := ["run_id", "step", "checkpoint", "ledger_head"]
	object.filter(decision, echoed) == object.filter(asked, echoed)
	decision.schema == 1
	decision.runbook == asked.opened.body.task.runbook
	decision.input_sha256 == crypto.sha256(json.marshal(asked))
}

_explained(denial) if {
	regex.match(`^[a-z_]+\.[a-z_]+$`, denial.code)
	denial.message != ""
	denial.solution != ""
}

_silent(checks, decision) if {
	decision.verdict == "escalate"
	checks == {check |
		some denial in decision.denials
		denial.code == "gate.check_silent"
		some path, check in denial.facts
		startswith(path, $`data.runbooks["{cases.current}"].checkpoints.restore.`)
		regex.match(`\.checks\[[0-9]+\]$`, path)
	}
}

_undecided(actions, decision) if {
	decision.verdict == "escalate"
	decision.next.action == "escalate"
	[{"derived.wanted": "proceed", "derived.possible": actions}] == [denial.facts |
		some denial in decision.denials
		denial.code == "gate.action_undecided"
	]
}

_late(decision) if {
	decision.verdict == "escalate"
	"gate.deadline_passed" in _codes(decision)
}

_unknown(decision) if {
	decision.verdict == "escalate"
	decision.runbook == "unknown"
	decision.next == {
		"action": "escalate",
		"step": "unknown",
		"checkpoint": null,
		"until_ms": null,
		"params": {"write_in_doubt": true},
	}
	_codes(decision) == {"gate.unknown_runbook"}
}

_patched(changes) := {cases.current: json.patch(_runbook, [change |
	some one in changes
	change := object.union(one, {"path": array.concat(["checkpoints", "restore"], one.path)})
])}

_with_checks(checks) := _patched([{"op": "replace", "path": ["cp1", "checks"], "value": checks}])

_with_candidates(actions) := _patched([{
	"op": "replace",
	"path": ["cp1", "next", "proceed"],
	"value": [{"action": action, "checkpoint": "cp2"} | some action in actions],
}])
