package facts.levels_test

import future.keywords.not

import data.cases
import data.facts.levels

_task(labels) := {"opened": {"body": {"task": {
	"runbook": cases.current,
	"labels": {$"pod-security.kubernetes.io/{key}": value | some key, value in labels},
}}}}

_none := {
	"enforce": null,
	"enforce-version": null,
	"audit": null,
	"audit-version": null,
	"warn": null,
	"warn-version": null,
}

_expected := {
	"nothing": [{}, "privileged:latest", "privileged:latest", "privileged:latest"],
	"everything": [
		{
			"enforce": "baseline",
			"enforce-version": "v1.30",
			"audit": "restricted",
			"audit-version": "v1.31",
			"warn": "privileged",
			"warn-version": "v1.32",
		},
		"baseline:v1.30", "restricted:v1.31", "privileged:v1.32",
	],
	"a level without a version": [
		{"enforce": "privileged", "audit": "baseline", "warn": "restricted"},
		"privileged:latest", "baseline:latest", "restricted:latest",
	],
	"a version without a level": [
		{"enforce-version": "v1.30", "audit-version": "v1.31", "warn-version": "v1.32"},
		"privileged:v1.30", "privileged:v1.31", "privileged:v1.32",
	],
	"warn inherits from enforce": [
		{"enforce": "restricted", "enforce-version": "v1.31"},
		"restricted:v1.31", "privileged:latest", "restricted:v1.31",
	],
	"warn inherits the level and keeps its version": [
		{"enforce": "restricted", "enforce-version": "v1.31", "warn-version": "v1.30"},
		"restricted:v1.31", "privileged:latest", "restricted:v1.30",
	],
	"warn inherits nothing from no level": [
		{"enforce-version": "v1.31"},
		"privileged:v1.31", "privileged:latest", "privileged:latest",
	],
	"warn inherits nothing from privileged": [
		{"enforce": "privileged", "enforce-version": "v1.31"},
		"privileged:v1.31", "privileged:latest", "privileged:latest",
	],
}

test_expects if {
	wrong := {name |
		some name, case in _expected
		found := levels.expected with input as _task(object.union(_none, case[0]))
		not found == {"enforce": case[1], "audit": case[2], "warn": case[3]}
	}
	wrong == set()
}

test_privileged_has_no_version if {
	asked := _task(object.union(_none, {"enforce": "privileged", "enforce-version": "v1.31", "audit": "baseline"}))
	levels.privileged("enforce") with input as asked
	not levels.privileged("audit") with input as asked
	levels.printed("enforce", "privileged:v1.31") with input as asked
	levels.printed("enforce", "privileged:latest") with input as asked
	not levels.printed("enforce", "baseline:v1.31") with input as asked
	not levels.printed("enforce", null) with input as asked
	not levels.printed("audit", "baseline:v1.31") with input as asked
	levels.printed("audit", "baseline:latest") with input as asked
}

test_only_privileged_is_printed_as_privileged if {
	asked := _task(object.union(_none, {"audit": "baseline"}))
	not levels.printed("audit", "privileged:latest") with input as asked
	not levels.printed("enforce", 7) with input as asked
	not levels.printed("enforce", ["privileged:latest"]) with input as asked
}
