package facts.given_test

import future.keywords.not

import data.facts.given

_entry(boot, boottime, at) := {"boot_id": boot, "boottime_ms": boottime, "at_ms": at}

# From, to, milliseconds; null where they are not known.
_cases := {
	"within a boot": [_entry("b", 10, 100), _entry("b", 25, 999), 15],
	"over a boot": [_entry("b", 10, 100), _entry("c", 25, 999), 899],
	"the wall clock put back": [_entry("b", 10, 100), _entry("c", 25, 40), -60],
	"within a boot of unknown time": [_entry("b", 10, 100), _entry("b", null, 999), null],
	"within a boot from an unknown time": [_entry("b", "10", 100), _entry("b", 25, 999), null],
	"over a boot of unknown time": [_entry("b", 10, 100), _entry("c", 25, null), null],
	"an unknown boot": [_entry(null, 10, 100), _entry(null, 25, 999), null],
	"from an unknown boot": [_entry(null, 10, 100), _entry("b", 25, 999), null],
	"two boots without a name": [_entry("", 10, 100), _entry("", 25, 999), null],
	"to a boot without a name": [_entry("b", 10, 100), _entry("", 25, 999), null],
	"from a boot without a name": [_entry("", 10, 100), _entry("b", 25, 999), null],
	"to an unknown boot": [_entry("b", 10, 100), _entry(7, 25, 999), null],
	"nothing": [{}, {}, null],
}

test_measures if {
	wrong := {name |
		some name, case in _cases
		not _measured(case)
	}
	wrong == set()
}

_measured([from, to, expected]) if given.elapsed_ms(from, to) == expected

_measured([from, to, null]) if not given.elapsed_ms(from, to)

test_rounds_that_are_no_list_have_no_newest if {
	given.newest_round == 1 with input as {"rounds": [1, 2]}
	not given.newest_round with input as {"rounds": {"0": 1}}
	not given.newest_round with input as {"rounds": null}
}
