package checks.cluster_identity_test

import future.keywords.not

import data.cases
import data.checks.cluster_identity

test_passes if {
	wrong := {name |
		some name, asked in cases.good.cluster_identity
		found := cluster_identity with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.cluster_identity) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.cluster_identity
		found := cluster_identity with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.cluster_identity) > 0
}
