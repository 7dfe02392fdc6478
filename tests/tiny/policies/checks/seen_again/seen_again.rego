# METADATA
# title: Seen again
# description: The labels of the steps before, and after the write that of this one, are there.
package checks.seen_again

import future.keywords.not

import data.facts.denial
import data.facts.given

# METADATA
# title: Everything this check wants is shown
pass if {
	_there
	_twice
}

# METADATA
# title: A label of an earlier write is gone
# custom:
#   code: seen_again.gone
#   solution: Find out who removed it.
deny contains denial.of(rego.metadata.rule(), {"expected": _keys}) if not _there

# METADATA
# title: One look is not enough
# custom:
#   code: seen_again.once
#   solution: Nothing is to be done; there is another look.
deny contains denial.of(rego.metadata.rule(), {"looks": count(input.rounds)}) if {
	_there
	not _twice
}

_there if {
	is_object(_labels)
	every key in _keys { _labels[key] == given.task.labels[key] }
}

_twice if input.checkpoint != "cp3"

_twice if count(input.rounds) == 2

_keys := [given.runbook.own.label_of[step] | some step in array.concat(given.runbook.own.before[input.step], _written)]

_written := [input.step | input.checkpoint in {"cp3", "cp4"}]

_labels := input.observed.gather.body.last.object.labels if given.checkpoint.judges == "gather"

_labels := input.rounds[count(input.rounds) - 1].body.servers[0].last.object.labels if input.checkpoint == "cp3"
