package checks.target_clear_test

import future.keywords.not

import data.cases
import data.checks.target_clear

test_passes if {
	wrong := {name |
		some name, asked in cases.good.target_clear
		found := target_clear with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.target_clear) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.target_clear
		found := target_clear with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.target_clear) > 0
}
