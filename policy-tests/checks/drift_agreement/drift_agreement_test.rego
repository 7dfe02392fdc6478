package checks.drift_agreement_test

import future.keywords.not

import data.cases
import data.checks.drift_agreement

test_passes if {
	wrong := {name |
		some name, asked in cases.good.drift_agreement
		found := drift_agreement with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.drift_agreement) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.drift_agreement
		found := drift_agreement with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.drift_agreement) > 0
}
