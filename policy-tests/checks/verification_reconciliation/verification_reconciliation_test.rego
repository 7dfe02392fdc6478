package checks.verification_reconciliation_test

import future.keywords.not

import data.cases
import data.checks.verification_reconciliation

test_passes if {
	wrong := {name |
		some name, asked in cases.good.verification_reconciliation
		found := verification_reconciliation with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.verification_reconciliation) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.verification_reconciliation
		found := verification_reconciliation with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.verification_reconciliation) > 0
}

test_keeps_silent if {
	wrong := {path |
		some path in [
			"fail/namespace_identity/unanswered_in_a_round",
			"fail/namespace_identity/missing_in_a_round",
		]
		found := verification_reconciliation with input as cases.at(path)
		not cases.silent(found)
	}
	wrong == set()
}

_name := cases.current

_with(changes) := {_name: object.union(data.runbooks[_name], changes)}

_codes(denials) := {denial.code | some denial in denials}

test_needs_no_audit_log_where_it_is_optional if {
	asked := cases.at("fail/verification_reconciliation/audit_unconfigured")
	verification_reconciliation.pass with input as asked with data.runbooks as _with({"audit": "optional"})
	verification_reconciliation.deny == set() with input as asked with data.runbooks as _with({"audit": "optional"})
}

# Limits that are no numbers.
_no_limits := [null, "60000"]

_without(limit) := _with({"limits_ms": {"window": limit, "audit": limit}})

test_a_window_that_is_not_there_is_passed if {
	wrong := {limit |
		some limit in _no_limits
		found := verification_reconciliation.deny with input as cases.at("fail/verification_reconciliation/stale_cache")
			with data.runbooks as _without(limit)
		_codes(found) != {"verification_reconciliation.window_passed"}
	}
	wrong == set()
}

test_a_limit_for_the_audit_log_that_is_not_there_is_passed if {
	wrong := {limit |
		some limit in _no_limits
		found := verification_reconciliation.deny with input as cases.at("fail/verification_reconciliation/event_pending")
			with data.runbooks as _without(limit)
		_codes(found) != {"verification_reconciliation.audit_missing"}
	}
	wrong == set()
}
