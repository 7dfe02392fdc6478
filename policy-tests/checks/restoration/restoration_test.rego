package checks.restoration_test

import future.keywords.not

import data.cases
import data.checks.restoration

test_passes if {
	wrong := {name |
		some name, asked in cases.good.restoration
		found := restoration with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.restoration) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.restoration
		found := restoration with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.restoration) > 0
}

test_keeps_silent if {
	wrong := {path |
		some path in [
			"fail/namespace_identity/missing_at_completion",
			"fail/cluster_identity/identity_unanswered_at_completion",
		]
		found := restoration with input as cases.at(path)
		not cases.silent(found)
	}
	wrong == set()
}

test_wants_reads if {
	asked := cases.at("pass/cp4/restored")
	not restoration.pass with input as asked with data.facts.namespaces.paths as []
}
