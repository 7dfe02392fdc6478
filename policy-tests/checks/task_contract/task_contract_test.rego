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

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"no time": {"/now_ms": null},
	"an end in words": {"/opened/body/task/prequalification/until_ms": "later"},
	"labels in a list": {"/opened/body/task/labels": []},
	"a number as a label": {"/opened/body/task/labels/pod-security.kubernetes.io~1enforce": 1},
	"a budget in words": {"/opened/body/task/retry_budget": "2"},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := task_contract with input as cases.changed("pass/cp0/intake", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

test_no_labels_are_malformed_labels if {
	lacking := [{"op": "remove", "path": "/opened/body/task/labels"}, {"op": "remove", "path": "/opened/body/task/drift"}]
	found := task_contract with input as json.patch(cases.at("pass/cp0/intake"), lacking)
	cases.codes(found) == {"task_contract.labels_malformed", "task_contract.drift_malformed"}
}

test_a_budget_in_words_agrees_with_nothing if {
	asked := cases.changed("pass/cp0/intake", {"/opened/body/task/retry_budget": "2"})
	found := task_contract with input as asked with data.runbooks as cases.ruled({"retry_budget": "2"})
	cases.codes(found) == {"task_contract.budget_differs"}
	none := object.remove(data.runbooks[cases.current], ["retry_budget"])
	facts := [denial.facts | some denial in task_contract.deny] with input as cases.at("pass/cp0/intake")
		with data.runbooks as {cases.current: none}
	facts == [{"input.opened.body.task.retry_budget": 2, $`data.runbooks["{cases.current}"].retry_budget`: null}]
}

_key := "a1c0ffee6e0d9ed27c7c8bf6b87ac3f5b3a3f1b6b7b7f7d1e7f00c4e5a0e9f11"

_submitted(changes) := json.patch(intake, [{"op": "add", "path": "/opened/body/task/submission", "value": told}]) if {
	intake := cases.at("pass/cp0/intake")
	told := object.union(intake.opened.body.task.submission, changes)
}

_signed(key) := _submitted({"assurance": "signed", "signature": {"key": key}})

_listing(keys) := object.union(data.parties, {"keys": keys})

test_a_signature_of_a_listed_key_suffices if {
	found := task_contract with input as _signed(_key)
		with data.parties as _listing({"platform-governance": {_key: "PEM"}})
	cases.passes(found)
}

test_a_signature_of_any_other_key_vouches_for_nothing if {
	listings := {
		"of another prequalifier": {"release-board": {_key: "PEM"}},
		"of nobody": {},
		"without the key": {"platform-governance": {"another": "PEM"}},
		"in a list": {"platform-governance": [_key]},
		"without what it is": {"platform-governance": {_key: null}},
	}
	told := {name: cases.codes(found) |
		some name, keys in listings
		found := task_contract with input as _signed(_key) with data.parties as _listing(keys)
	}
	told == {name: {"task_contract.unlisted_key"} | some name, _ in listings}
}

test_a_listed_key_does_not_raise_a_claim if {
	asked := _submitted({"signature": {"key": _key}})
	found := task_contract with input as asked
		with data.parties as _listing({"platform-governance": {_key: "PEM"}})
		with data.runbooks as cases.ruled({"assurance": ["signed"]})
	cases.codes(found) == {"task_contract.insufficient_assurance"}
}

_authority := "b7e23ec29af22b0b4e41da31e868d57226121c84d8f7e1f5b6b8c3a1f7f0a9d2"

_authenticated(who) := _submitted({"assurance": "authenticated", "authentication": who})

_as_governance := {"authority": _authority, "username": "oidc:governance"}

_knowing(identities) := object.union(data.parties, {"identities": identities})

_known := _knowing({"platform-governance": {_authority: ["oidc:governance"]}})

test_a_listed_identity_suffices if {
	found := task_contract with input as _authenticated(_as_governance) with data.parties as _known
	cases.passes(found)
}

test_any_other_identity_vouches_for_nothing if {
	listings := {
		"of another prequalifier": {"release-board": {_authority: ["oidc:governance"]}},
		"of another authority": {"platform-governance": {_key: ["oidc:governance"]}},
		"another user": {"platform-governance": {_authority: ["oidc:governance-2"]}},
		"of nobody": {},
		"in no list": {"platform-governance": {_authority: "oidc:governance"}},
	}
	told := {name: cases.codes(found) |
		some name, identities in listings
		found := task_contract with input as _authenticated(_as_governance) with data.parties as _knowing(identities)
	}
	told == {name: {"task_contract.unlisted_identity"} | some name, _ in listings}
}

test_half_an_identity_vouches_for_nothing if {
	told := {cases.codes(found) |
		some who in [null, {}, {"authority": _authority}, {"username": "oidc:governance"}]
		found := task_contract with input as _authenticated(who) with data.parties as _known
	}
	told == {{"task_contract.unlisted_identity"}}
}

test_a_listed_identity_does_not_raise_a_claim if {
	found := task_contract with input as _submitted({"authentication": _as_governance})
		with data.parties as _known
		with data.runbooks as cases.ruled({"assurance": ["authenticated"]})
	cases.codes(found) == {"task_contract.insufficient_assurance"}
}

test_no_assurance_at_all_is_told_once if {
	asked := json.patch(
		cases.at("pass/cp0/intake"),
		[{"op": "remove", "path": "/opened/body/task/submission/assurance"}],
	)
	found := task_contract with input as asked
	cases.codes(found) == {"task_contract.insufficient_assurance"}
}
