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
