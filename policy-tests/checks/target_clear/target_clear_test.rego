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

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"escalations by key": {"/opened/body/ledger/escalations": {}},
	"no escalations": {"/opened/body/ledger/escalations": null},
	"paused false": {"/opened/body/ledger/paused": false},
	"no ledger": {"/opened/body/ledger": null},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := target_clear with input as cases.changed("pass/cp0/intake", values)
		not cases.denies_something(found)
	}
	wrong == set()
}
