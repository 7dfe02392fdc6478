package checks.verification_reconciliation

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.rounds

# METADATA
# title: Admission does not act as the labels say yet
# description: Each API server has a cache of its own, so this may be lag.
# custom:
#   code: verification_reconciliation.lagging
#   solution: Nothing is to be done; another round is made.
deny contains denial.of(rego.metadata.rule(), found) if {
	some found in _wrong
	_in_window
}

# METADATA
# title: Admission does not act as the labels say
# custom:
#   code: verification_reconciliation.window_passed
#   solution: See whether the API server in the facts runs Pod Security Admission and sees the labels.
deny contains denial.of(rego.metadata.rule(), found) if {
	some found in _wrong
	not _in_window
}

# METADATA
# title: Something else answered a probe in place of Pod Security
# custom:
#   code: verification_reconciliation.inconclusive
#   solution: Nothing is to be done yet; another round is made.
deny contains denial.of(rego.metadata.rule(), found) if {
	some found in _blocked
	_in_window
}

# METADATA
# title: Something else keeps answering a probe in place of Pod Security
# custom:
#   code: verification_reconciliation.probe_blocked
#   solution: Mend what the facts name, or give the probes an overlay in the parties data with which they pass it.
deny contains denial.of(rego.metadata.rule(), found) if {
	some found in _blocked
	not _in_window
}

# What is wrong with the newest round: a probe, or a namespace that moved within it.
_wrong contains _told(one) if {
	_judged
	some one in rounds.probed
	one.round == rounds.newest
	one.shows == "wrong"
}

_wrong contains lookup.at([first, last]) if {
	rounds.states[rounds.newest] == "moved"
	some server, _ in input.rounds[rounds.newest].body.servers
	first := ["rounds", rounds.newest, "body", "servers", server, "first", "object", "resource_version"]
	last := ["rounds", rounds.newest, "body", "servers", server, "last", "object", "resource_version"]
	lookup.value(first) != lookup.value(last)
}

_blocked contains _told(one) if {
	_judged
	some one in rounds.probed
	one.round == rounds.newest
	one.shows == "blocked"
}

# A round without an answer, or with other probes, is not judged by them.
_judged if rounds.states[rounds.newest] in {"blocked", "wrong"}

_in_window if {
	is_number(given.runbook.limits_ms.window)
	rounds.since_first_answer_ms <= given.runbook.limits_ms.window
}
