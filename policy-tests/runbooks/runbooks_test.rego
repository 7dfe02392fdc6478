package runbooks_test

import future.keywords.not

import data.cases

_current := data.runbooks[cases.current]

# Every table of every revision, by revision, step and checkpoint.
_tables[[name, step, checkpoint]] := table if {
	some name, runbook in data.runbooks
	some step, checkpoints in runbook.checkpoints
	some checkpoint, table in checkpoints
}

test_one_revision_is_active if {
	count({name | some name, runbook in data.runbooks; runbook.status == "active"}) == 1
	{runbook.status | some runbook in data.runbooks} == {"active", "superseded"}
}

test_a_superseded_revision_names_an_active_one if {
	every runbook in data.runbooks { _succeeded(runbook) }
}

test_tables_are_of_the_steps if {
	every runbook in data.runbooks { object.keys(runbook.checkpoints) == {step | some step in runbook.steps} }
}

test_actions_follow_from_the_tables if {
	wrong := {name |
		some name, runbook in data.runbooks
		not runbook.actions == _actions(runbook)
	}
	wrong == set()
}

test_actions_are_there_and_effects_are_actions if {
	every runbook in data.runbooks {
		every actions in runbook.actions { every action in actions { data.actions[action] } }
		every effect, kind in runbook.effects {
			data.actions[effect]
			kind in {"read", "write", "round"}
		}
	}
}

test_checks_are_there if {
	missing := {check |
		some table in _tables
		some check in table.checks
		not is_set(data.checks[check].deny)
	}
	missing == set()
}

test_candidates_lead_to_tables if {
	wrong := {place |
		some place, table in _tables
		some candidates in table.next
		some candidate in candidates
		not _leads(place, candidate)
	}
	wrong == set()
}

test_answers_have_candidates if {
	wrong := {place |
		some place, table in _tables
		some answer in table.answers
		not count(table.next[answer]) > 0
	}
	wrong == set()
}

test_answers_are_wait_or_retry_and_of_a_check_that_is_asked if {
	wrong := {code |
		some table in _tables
		some code, answer in table.answers
		not _sensible(table, code, answer)
	}
	wrong == set()
}

test_a_pass_has_candidates if {
	every table in _tables {
		table.pass in {"proceed", "complete"}
		count(table.next[table.pass]) > 0
	}
}

test_checkpoints_before_a_write_stop_at_the_deadline if {
	wrong := {place |
		some place, table in _tables
		some candidates in table.next
		some candidate in candidates
		data.runbooks[place[0]].effects[candidate.action] == "write"
		not table.stops_at_deadline
	}
	wrong == set()
}

test_waits_have_a_length if {
	missing := {checkpoint |
		some checkpoint, table in _current.checkpoints.restore
		table.next.wait
		not is_number(_current.limits_ms.pause[checkpoint])
	}
	missing == set()
}

test_lineages_follow_the_tables if {
	count(_current.lineages) > 0
	every lineage in _current.lineages {
		every line in lineage { _possible(line) }
		every index, line in lineage { _follows(lineage, index, line) }
	}
}

test_lineages_have_as_many_retries_as_are_decided if {
	retries := [count([line | some line in lineage; contains(line, " retry ")]) | some lineage in _current.lineages]
	max(retries) == _current.retries
}

test_registers_are_the_sources if {
	object.keys(_current.registers) == {source | some source in _current.sources}
	named := object.keys(_current.agreement) | {_current.inventory, _current.waivers.register}
	named == {source | some source in _current.sources}
}

test_registers_are_expected_as_a_whole if {
	every expectation in _current.registers {
		is_string(expectation.source_id)
		is_string(expectation.schema_id)
		is_number(expectation.max_age_ms)
	}
}

test_labels_are_those_of_the_modes if {
	count(_current.label_keys) == 6
	sort(_current.label_keys) == _current.label_keys
	{label | some mode in _current.modes; some label in mode} == {key | some key in _current.label_keys}
}

test_limits_are_positive_numbers if {
	every name in ["skew", "go", "settle", "window", "audit", "between_rounds"] { _current.limits_ms[name] > 0 }
	every limit in _current.limits_ms.pause { limit > 0 }
	_current.limits_ms.go <= 30000
	_current.limits_ms.between_rounds >= 5000
	_current.limits_ms.pause.cp3 >= _current.limits_ms.between_rounds
	_current.limits_ms.audit <= _current.limits_ms.window
	_current.duration_ms > _current.limits_ms.window
	_current.rounds > 0
	_current.retry_budget > 0
	_current.retry_budget <= 2
}

test_outcomes_exclude_each_other if {
	count([signal | some signals in _current.outcomes; some signal in signals]) == count({signal |
		some signals in _current.outcomes
		some signal in signals
	})
	every signal in _current.never_sent { signal in _current.outcomes.api_timeout }
}

test_probes_are_whole if {
	count({probe.name | some probe in _current.probes}) == count(_current.probes)
	{probe.shows | some probe in _current.probes} == {"rejected", "warned", "unwarned", "admitted"}
	every probe in _current.probes {
		probe.resource in {"pods", "podtemplates"}
		is_object(_current.pods[probe.pod])
	}
	_current.audit in {"required", "optional"}
}

test_every_runbook_has_an_owner if {
	every name, _ in data.runbooks { _owned(data.parties.runbooks[name].owner) }
	_owned(data.parties.default_owner)
}

test_parties_are_listed if {
	count(data.parties.submitters) > 0
	count(data.parties.prequalifiers) > 0
	every party in array.concat(data.parties.submitters, data.parties.prequalifiers) { is_string(party) }
}

_succeeded(runbook) if {
	runbook.status == "active"
	runbook.successor == null
}

_succeeded(runbook) if {
	runbook.status == "superseded"
	data.runbooks[runbook.successor].status == "active"
}

_actions(runbook) := {checkpoint: sort(actions) |
	some checkpoint, _ in runbook.actions
	actions := {candidate.action |
		some checkpoints in runbook.checkpoints
		some candidates in checkpoints[checkpoint].next
		some candidate in candidates
	}
}

_leads([name, step, _], candidate) if {
	data.runbooks[name].checkpoints[object.get(candidate, "step", step)][candidate.checkpoint]
}

_leads(_, candidate) if {
	candidate.action == "finish"
	candidate.checkpoint == null
}

_sensible(table, code, answer) if {
	answer in {"wait", "retry"}
	split(code, ".")[0] in table.checks
}

_possible(line) if {
	[step, checkpoint, verdict, following] := split(line, " ")
	some candidate in _current.checkpoints[step][checkpoint].next[verdict]
	candidate.checkpoint == following
}

_follows(_, 0, line) if split(line, " ")[1] == "cp0"

_follows(lineage, index, line) if {
	index > 0
	split(lineage[index - 1], " ")[3] == split(line, " ")[1]
}

_owned(owner) if {
	every field in ["name", "title", "queue"] { is_string(owner[field]) }
}
