package checks.retry_eligibility_test

import future.keywords.not

import data.cases
import data.checks.retry_eligibility

test_passes if {
	wrong := {name |
		some name, asked in cases.good.retry_eligibility
		found := retry_eligibility with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.retry_eligibility) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.retry_eligibility
		found := retry_eligibility with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.retry_eligibility) > 0
}
