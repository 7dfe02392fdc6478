package gate_test

import future.keywords.not

import data.cases
import data.gate

# What no executor sends, and what the schema of the input refuses: nothing of it makes a run freer.
_missing := {
	"deletion unknown": {
		"base": "pass/cp1/first_attempt",
		"patch": [{"op": "remove", "path": "/observed/gather/body/dry_run/object/deletion_ms"}],
		"codes": {"dry_run_agreement.refused"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"deletion in words": {
		"base": "pass/cp1/first_attempt",
		"patch": [{"op": "replace", "path": "/observed/gather/body/last/object/deletion_ms", "value": "soon"}],
		"codes": {"namespace_identity.unreadable"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"deletion unknown in the first read": {
		"base": "pass/cp1/first_attempt",
		"patch": [{"op": "remove", "path": "/observed/gather/body/first/object/deletion_ms"}],
		"codes": {"namespace_identity.unreadable"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"deletion unknown in the last read": {
		"base": "pass/cp1/first_attempt",
		"patch": [{"op": "remove", "path": "/observed/gather/body/last/object/deletion_ms"}],
		"codes": {"namespace_identity.unreadable"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"attempts missing while in doubt": {
		"base": "fail/retry_eligibility/second_attempt_without_an_answer",
		"patch": [{"op": "remove", "path": "/attempts"}],
		"codes": {"retry_eligibility.miscounted"},
		"verdict": "escalate",
		"in_doubt": true,
	},
	"attempts null while in doubt": {
		"base": "fail/retry_eligibility/second_attempt_without_an_answer",
		"patch": [{"op": "replace", "path": "/attempts", "value": null}],
		"codes": {"retry_eligibility.miscounted"},
		"verdict": "escalate",
		"in_doubt": true,
	},
	"moved and the audit log has its time in words": {
		"base": "fail/retry_eligibility/overtaken",
		"patch": [{"op": "replace", "path": "/observed/resolve_write/body/audit/newest_ms", "value": "1784635210400"}],
		"codes": {"retry_eligibility.audit_behind"},
		"verdict": "wait",
		"in_doubt": false,
	},
	"moved, unexplained, and the read has no date": {
		"base": "fail/retry_eligibility/overtaken",
		"patch": [
			{"op": "replace", "path": "/observed/resolve_write/body/audit/writes", "value": []},
			{"op": "replace", "path": "/observed/resolve_write/body/read/http/date_ms", "value": null},
		],
		"codes": {"retry_eligibility.audit_behind"},
		"verdict": "wait",
		"in_doubt": false,
	},
	"moved and the read has its date in words": {
		"base": "fail/retry_eligibility/overtaken",
		"patch": [
			{"op": "replace", "path": "/observed/resolve_write/body/read/http/date_ms", "value": "1784635210000"},
			{"op": "replace", "path": "/observed/resolve_write/body/audit/newest_ms", "value": "1784635210400"},
		],
		"codes": {"retry_eligibility.audit_behind"},
		"verdict": "wait",
		"in_doubt": false,
	},
	"reverted without an audit log": {
		"base": "fail/retry_eligibility/reverted",
		"patch": [{"op": "remove", "path": "/observed/resolve_write/body/audit"}],
		"codes": {"retry_eligibility.reverted"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"chain unknown": {
		"base": "pass/cp0/intake",
		"patch": [{"op": "replace", "path": "/opened/body/ledger/previous_chain", "value": null}],
		"codes": {"target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"escalations unknown": {
		"base": "pass/cp0/intake",
		"patch": [{"op": "replace", "path": "/opened/body/ledger/escalations", "value": null}],
		"codes": {"target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"ledger missing": {
		"base": "pass/cp0/intake",
		"patch": [{"op": "remove", "path": "/opened/body/ledger"}],
		"codes": {"target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"ledger missing before the write": {
		"base": "pass/cp1/first_attempt",
		"patch": [{"op": "remove", "path": "/observed/gather/body/ledger"}],
		"codes": {"ledger_continuity.unknown", "target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"ledger null": {
		"base": "pass/cp0/intake",
		"patch": [{"op": "replace", "path": "/opened/body/ledger", "value": null}],
		"codes": {"target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"pause unknown": {
		"base": "pass/cp0/intake",
		"patch": [{"op": "remove", "path": "/opened/body/ledger/paused"}],
		"codes": {"target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"previous run unknown": {
		"base": "pass/cp0/intake",
		"patch": [{"op": "remove", "path": "/opened/body/ledger/previous_run"}],
		"codes": {"target_clear.ledger_unknown"},
		"verdict": "escalate",
		"in_doubt": false,
	},
	"reverted on a server without an audit log": {
		"base": "fail/verification_reconciliation/reverted_on_a_server_while_another_times_out",
		"patch": [{"op": "remove", "path": "/rounds/1/body/audit"}],
		"codes": {"namespace_identity.unanswered", "verification_reconciliation.readback_differs"},
		"verdict": "escalate",
		"in_doubt": false,
	},
}

test_decides_where_a_fact_is_missing if {
	wrong := {name |
		some name, case in _missing
		decision := gate.decision with input as json.patch(cases.at(case.base), case.patch)
		not _as_said(case, decision)
	}
	wrong == set()
}

_as_said(case, decision) if {
	decision.verdict == case.verdict
	_codes(decision) == case.codes
	count([true | decision.next.params.write_in_doubt == true]) == count([true | case.in_doubt == true])
}
