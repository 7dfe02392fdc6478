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

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"a status in a list": {"/observed/gather/body/registers/platform_exceptions/records/0/status": ["closed"]},
	"a waiver in words": {"/observed/gather/body/registers/platform_exceptions/records/0": "closed"},
	"records by key": {"/observed/gather/body/registers/platform_exceptions/records": {}},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := waiver_absence with input as cases.changed("pass/cp1/first_attempt", values)
		not cases.denies_something(found)
	}
	wrong == set()
}
