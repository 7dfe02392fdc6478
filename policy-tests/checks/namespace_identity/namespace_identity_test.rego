package checks.namespace_identity_test

import future.keywords.not

import data.cases
import data.checks.namespace_identity

test_passes if {
	wrong := {name |
		some name, asked in cases.good.namespace_identity
		found := namespace_identity with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.namespace_identity) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.namespace_identity
		found := namespace_identity with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.namespace_identity) > 0
}
