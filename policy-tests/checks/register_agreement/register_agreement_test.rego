package checks.register_agreement_test

import future.keywords.not

import data.cases
import data.checks.register_agreement

test_passes if {
	wrong := {name |
		some name, asked in cases.good.register_agreement
		found := register_agreement with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.register_agreement) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.register_agreement
		found := register_agreement with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.register_agreement) > 0
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"aliases by key": {
		"/observed/gather/body/registers/namespace_ownership/records/0/owner_aliases": {"x": "payments-settlement"},
	},
	"an alias of null": {
		"/observed/gather/body/registers/namespace_ownership/records/0/owner_aliases": [null],
		"/opened/body/task/owner_alias": null,
	},
	"a version of null": {
		"/observed/gather/body/registers/namespace_baseline/records/0/policy_baseline_version": null,
		"/opened/body/task/policy_baseline_version": null,
	},
	"a time in words": {"/observed/gather/body/registers/namespace_baseline/as_of_ms": "now"},
	"no time": {"/now_ms": null},
	"records by key": {"/observed/gather/body/registers/namespace_baseline/records": {"0": 1}},
	"dropped in words": {"/observed/gather/body/registers/namespace_baseline/dropped": "0"},
	"a source of null": {"/observed/gather/body/registers/namespace_baseline/source_id": null},
	"a cluster of null": {
		"/observed/gather/body/registers/namespace_baseline/scope/cluster_id": null,
		"/opened/body/task/cluster_id": null,
	},
	"complete in words": {"/observed/gather/body/registers/namespace_baseline/complete": "true"},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := register_agreement with input as cases.changed("pass/cp1/first_attempt", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

_with_agreement(agreement) := {cases.current: json.patch(data.runbooks[cases.current], [{
	"op": "replace",
	"path": "/agreement",
	"value": agreement,
}])}

test_wants_registers_and_fields if {
	asked := cases.at("pass/cp1/first_attempt")
	not register_agreement.pass with input as asked with data.runbooks as _with_agreement({})
	not register_agreement.pass with input as asked with data.runbooks as _with_agreement({"cluster_inventory": []})
	register_agreement.pass with input as asked
		with data.runbooks as _with_agreement({"cluster_inventory": ["cluster_id"]})
}

test_no_owner_is_nobodys_alias if {
	asked := cases.changed("pass/cp1/first_attempt", {
		"/observed/gather/body/registers/namespace_ownership/records/0/owner_aliases": [null],
		"/opened/body/task/owner_alias": null,
	})
	not register_agreement.pass with input as asked
		with data.runbooks as _with_agreement({"namespace_ownership": ["owner_aliases"]})
}
