package checks.lineage_test

import future.keywords.not

import data.cases
import data.checks.lineage

test_passes if {
	wrong := {name |
		some name, asked in cases.good.lineage
		found := lineage with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.lineage) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.lineage
		found := lineage with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.lineage) > 0
}
