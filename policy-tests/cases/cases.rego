# METADATA
# title: Cases
# description: |
#   The decision cases of fixtures/decisions. A case has its input whole, or names another case as its base and
#   patches it, so that it shows the one thing that it changes.
#   Tests collect the names of the cases that go wrong; `opa test --var-values` shows them. Tables with a result
#   for each case would need a trace of the whole evaluation, which takes ten times as long.
package cases

import future.keywords.not

# METADATA
# title: The name of the active revision, whose cases these are
current := name if {
	some name, runbook in data.runbooks
	runbook.status == "active"
}

# METADATA
# title: The cases that name a good input of a checkpoint at which a check is asked
# description: By `checkpoint/case`, each with the input.
good[check][$"{checkpoint}/{name}"] := input_of(case) if {
	some checkpoint, named in data.fixtures.pass
	some check in data.runbooks[current].checkpoints.restore[checkpoint].checks
	some name, case in named
}

# METADATA
# title: The cases in which a check denies
# description: By name, each with the input and what the check says.
failing[check][name] := {"input": input_of(case), "denials": denials} if {
	some check, named in data.fixtures.fail
	some name, case in named
	denials := {denial |
		some denial in case.expected.denials
		startswith(denial.code, $"{check}.")
	}
}

# METADATA
# title: Every case of a group, by name
of_group[group][name] := {"input": input_of(case), "expected": case.expected} if {
	some groups in data.fixtures
	some group, named in groups
	some name, case in named
}

# METADATA
# title: The input of a case
input_of(case) := json.patch(_root(_line(case)), _changes(_line(case)))

# METADATA
# title: The input of a case, by its path in fixtures/decisions
at(path) := input_of(object.get(data.fixtures, split(path, "/"), {}))

# METADATA
# title: The check passes and denies nothing
passes(check) if {
	check.pass
	check.deny == set()
}

# METADATA
# title: The check neither passes nor denies, because another one denies on the same fact
silent(check) if {
	not check.pass
	check.deny == set()
}

# METADATA
# title: The check does not pass, and denies
denies_something(check) if {
	not check.pass
	count(check.deny) > 0
}

# METADATA
# title: A good input with other values at some places
changed(path, values) := json.patch(at(path), [change |
	some place, value in values
	change := {"op": "replace", "path": place, "value": value}
])

# METADATA
# title: The runbooks, with some of the data changed
ruled(changes) := object.union(data.runbooks, {current: object.union(data.runbooks[current], changes)})

# METADATA
# title: The codes of a check's denials
codes(check) := {denial.code | some denial in check.deny}

# METADATA
# title: The check does not pass, and denies what the case says and nothing else
denies(check, case) if {
	not check.pass
	check.deny == case.denials
}

# A case, its base, the base of that, and so on; the root's base is empty.
_line(case) := [case, _base(case), _base(_base(case)), _base(_base(_base(case)))]

_base(case) := object.get(data.fixtures, split(case.base, "/"), {}) if {
	case.base
} else := {}

_root(line) := [case.input | some case in line][0]

_changes(line) := array.flatten([object.get(case, "patch", []) | some case in array.reverse(line)])
