package checks.task_contract_test

import future.keywords.not

import data.cases
import data.checks.task_contract

test_passes if {
	wrong := {name |
		some name, asked in cases.good.task_contract
		found := task_contract with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.task_contract) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.task_contract
		found := task_contract with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.task_contract) > 0
}
