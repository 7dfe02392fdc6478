package checks.dry_run_agreement_test

import future.keywords.not

import data.cases
import data.checks.dry_run_agreement

test_passes if {
	wrong := {name |
		some name, asked in cases.good.dry_run_agreement
		found := dry_run_agreement with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.dry_run_agreement) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.dry_run_agreement
		found := dry_run_agreement with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.dry_run_agreement) > 0
}

test_keeps_silent if {
	wrong := {path |
		some path in [
			"fail/namespace_identity/missing",
			"fail/namespace_identity/unanswered",
			"fail/namespace_identity/forbidden",
			"fail/namespace_identity/forbidden_while_the_dry_run_differs",
			"fail/drift_agreement/dry_run_conflict",
		]
		found := dry_run_agreement with input as cases.at(path)
		not cases.silent(found)
	}
	wrong == set()
}

test_no_dry_run_is_a_refusal if {
	asked := cases.changed("pass/cp1/first_attempt", {"/observed/gather/body/dry_run": null})
	found := dry_run_agreement with input as asked
	cases.codes(found) == {"dry_run_agreement.refused"}
}
