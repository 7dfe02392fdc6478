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
