package checks.waiver_absence_test

import future.keywords.not

import data.cases
import data.checks.waiver_absence

test_passes if {
	wrong := {name |
		some name, asked in cases.good.waiver_absence
		found := waiver_absence with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.waiver_absence) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.waiver_absence
		found := waiver_absence with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.waiver_absence) > 0
}
