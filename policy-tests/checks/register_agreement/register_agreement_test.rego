package checks.register_agreement_test

import future.keywords.not

import data.cases
import data.checks.register_agreement

test_passes if {
	wrong := {name |
		some name, asked in cases.good.register_agreement
		found := register_agreement with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.register_agreement) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.register_agreement
		found := register_agreement with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.register_agreement) > 0
}
