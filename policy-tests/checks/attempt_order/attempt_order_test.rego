package checks.attempt_order_test

import future.keywords.not

import data.cases
import data.checks.attempt_order

test_passes if {
	wrong := {name |
		some name, asked in cases.good.attempt_order
		found := attempt_order with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.attempt_order) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.attempt_order
		found := attempt_order with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.attempt_order) > 0
}
