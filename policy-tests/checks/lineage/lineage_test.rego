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

# A step before this one, whose attempts are not in the input: `step checkpoint verdict action next`.
_earlier := ["first cp0 proceed gather cp1", "first cp1 proceed patch_labels cp2", "first cp2 proceed verify cp3"]

_block(line) := {"sha256": line, "body": body} if {
	words := split(line, " ")
	body := {"step": words[0], "checkpoint": words[1], "verdict": words[2], "action": words[3], "next_checkpoint": words[4]}
}

_after(lines) := object.union(good, {"lineage": array.concat([_block(line) | some line in lines], good.lineage)}) if {
	good := cases.at("pass/cp4/restored")
}

# The runbook allows the way of the good case after these lines.
_allowing(lines) := {name: object.union(runbook, {"lineages": [array.concat(lines, way) | some way in runbook.lineages]}) |
	some name, runbook in data.runbooks
	name == "MKS-PSA-Label-Restore-v3"
}

test_a_write_of_an_earlier_step_counts_if_it_was_resolved if {
	allowed := ["first cp0 proceed cp1", "first cp1 proceed cp2", "first cp2 proceed cp3"]
	found := lineage with input as _after(_earlier) with data.runbooks as _allowing(allowed)
	cases.passes(found)
}

test_a_go_of_an_earlier_step_that_was_not_used_does_not_count if {
	unused := ["first cp0 proceed gather cp1", "first cp1 proceed patch_labels cp2", "first cp1 proceed patch_labels cp2"]
	allowed := ["first cp0 proceed cp1", "first cp1 proceed cp2", "first cp2 proceed cp3"]
	again := array.concat(unused, ["first cp2 proceed verify cp3"])
	found := lineage with input as _after(again) with data.runbooks as _allowing(allowed)
	cases.passes(found)
}
