package checks.cluster_identity_test

import future.keywords.not

import data.cases
import data.checks.cluster_identity

test_passes if {
	wrong := {name |
		some name, asked in cases.good.cluster_identity
		found := cluster_identity with input as asked
		not cases.passes(found)
	}
	wrong == set()
	count(cases.good.cluster_identity) > 0
}

test_denies if {
	wrong := {name |
		some name, case in cases.failing.cluster_identity
		found := cluster_identity with input as case.input
		not cases.denies(found, case)
	}
	wrong == set()
	count(cases.failing.cluster_identity) > 0
}

test_keeps_silent if {
	wrong := {path |
		some path in [
			"fail/register_agreement/unanswered_cluster_inventory",
			"fail/register_agreement/two_records_cluster_inventory",
		]
		found := cluster_identity with input as cases.at(path)
		not cases.silent(found)
	}
	wrong == set()
}

# Values of another type, by place. Comparing across types has an answer, but shows nothing.
_retyped := {
	"uids of null": {
		"/observed/gather/body/cluster/uid": null,
		"/observed/gather/body/registers/cluster_inventory/records/0/uid": null,
	},
	"uids of numbers": {
		"/observed/gather/body/cluster/uid": 7,
		"/observed/gather/body/registers/cluster_inventory/records/0/uid": 7,
	},
	"a name of a number": {"/observed/gather/body/identity/username": 7},
	"a date in words": {"/observed/gather/body/cluster/http/date_ms": "now"},
	"sent in words": {"/observed/gather/body/cluster/http/sent_ms": "now"},
	"read in words": {"/observed/gather/body/last/http/answered_ms": "now"},
	"read since the boot in words": {"/observed/gather/body/last/read_boottime_ms": "now"},
	"gathered in words": {"/observed/gather/at_ms": "now"},
	"gathered since the boot in words": {"/observed/gather/boottime_ms": "now"},
	"answered in words": {"/observed/gather/body/cluster/http/answered_ms": "now"},
}

test_wants_facts_of_their_types if {
	wrong := {name |
		some name, values in _retyped
		found := cluster_identity with input as cases.changed("pass/cp1/first_attempt", values)
		not cases.denies_something(found)
	}
	wrong == set()
}

# How far the clock was set between the last read and its record, and whether that is too far.
_set_by := {0: false, 5000: false, -5000: false, 5001: true, -5001: true}

test_a_clock_may_be_set_by_the_skew if {
	wrong := {by |
		some by, too_far in _set_by
		since_boot := cases.at("pass/cp1/first_attempt").observed.gather.body.last.read_boottime_ms + by
		asked := cases.changed("pass/cp1/first_attempt", {"/observed/gather/body/last/read_boottime_ms": since_boot})
		found := cluster_identity with input as asked
		count(cases.codes(found)) != {true: 1, false: 0}[too_far]
	}
	wrong == set()
}
