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

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"a number in words": {"/observed/gather/seq": "99"},
	"a round of unknown time": {"/rounds/1/seq": null},
	"decisions of null": {"/lineage/1/sha256": null, "/attempts/0/intent/body/decision": null},
	"no evidence": {"/observed/gather/body/ledger/evidence_missing": null},
	"attempts by key": {"/attempts": {}},
	"no lineage": {"/lineage": null},
	"rounds by key": {"/rounds": {}},
	"a line of null": {"/lineage/0": null},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := lineage with input as cases.changed("pass/cp4/restored", values)
		not cases.denies_something(found)
	}
	wrong == set()
}
