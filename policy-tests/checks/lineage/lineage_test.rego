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
_intake := "first cp0 proceed gather cp1"

_go := "first cp1 proceed patch_labels cp2"

_resolved := "first cp2 proceed verify cp3"

_block(line) := {"sha256": line, "body": body} if {
	[step, checkpoint, verdict, action, following] := split(line, " ")
	body := {
		"step": step,
		"checkpoint": checkpoint,
		"verdict": verdict,
		"action": action,
		"next_checkpoint": following,
	}
}

_after(lines) := object.union(good, {"lineage": array.concat([_block(line) | some line in lines], good.lineage)}) if {
	good := cases.at("pass/cp4/restored")
}

# The runbook allows the ways that it allows, after one use of the go.
_allowing := {cases.current: object.union(runbook, {"lineages": lineages})} if {
	runbook := data.runbooks[cases.current]
	first := ["first cp0 proceed cp1", "first cp1 proceed cp2", "first cp2 proceed cp3"]
	lineages := [array.concat(first, way) | some way in runbook.lineages]
}

test_a_write_of_an_earlier_step_counts_if_it_was_resolved if {
	found := lineage with input as _after([_intake, _go, _resolved]) with data.runbooks as _allowing
	cases.passes(found)
}

test_a_go_of_an_earlier_step_that_was_not_used_does_not_count if {
	found := lineage with input as _after([_intake, _go, _go, _resolved]) with data.runbooks as _allowing
	cases.passes(found)
}

test_a_write_of_an_earlier_step_that_was_not_resolved_is_no_way if {
	found := lineage with input as _after([_intake, _go]) with data.runbooks as _allowing
	{denial.code | some denial in found.deny} == {"lineage.not_allowed"}
}

test_a_lineage_by_key_is_no_way if {
	good := cases.at("pass/cp4/restored")
	by_key := object.union(object.remove(good, ["lineage"]), {"lineage": {i: block | some i, block in good.lineage}})
	found := lineage with input as by_key
	cases.codes(found) == {"lineage.not_allowed"}
}

test_a_decision_without_a_digest_was_not_used if {
	go := {"op": "remove", "path": "/lineage/1/sha256"}
	found := lineage with input as json.patch(cases.at("pass/cp4/restored"), [go])
	cases.codes(found) == {"lineage.not_allowed", "lineage.attempt_undecided"}
}

test_a_budget_in_words_is_none if {
	found := lineage with input as cases.at("pass/cp4/restored") with data.runbooks as cases.ruled({"retry_budget": "2"})
	cases.codes(found) == {"lineage.budget_exceeded"}
}
