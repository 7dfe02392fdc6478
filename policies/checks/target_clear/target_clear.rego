# METADATA
# title: Target clear
# description: Nothing that the ledger knows about the target or the executor stands against a repair.
# custom:
#   reads:
#     - opened.body.ledger
#     - observed.gather.body.ledger
package checks.target_clear

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup

# METADATA
# title: Everything this check wants is shown
pass if {
	_chain_intact
	_acknowledged
	_running
}

# METADATA
# title: What the ledger knows about the target is not there
# description: That nothing is known is not the same as that there is nothing.
# custom:
#   code: target_clear.ledger_unknown
#   solution: Keep the store as it is, and find out which executor made the input; the run's entries name its version.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_path, _fields)) if not _known

# METADATA
# title: The chain of the target's previous run is not intact
# custom:
#   code: target_clear.chain_broken
#   solution: Keep the store as it is, and find out with `runbook-gate ledger verify` what was changed.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_path, ["previous_run", "previous_chain"])) if {
	_known
	not _chain_intact
}

# METADATA
# title: An earlier escalation on the target is not acknowledged
# custom:
#   code: target_clear.unacknowledged_escalation
#   solution: Read its packet and acknowledge it with `runbook-gate escalations ack`.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_path, ["escalations"])) if {
	_known
	not _acknowledged
}

# METADATA
# title: The executor is paused
# custom:
#   code: target_clear.paused
#   solution: Ask who paused it; `runbook-gate unpause` ends the pause.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_path, ["paused"])) if {
	_known
	not _running
}

_fields := ["previous_run", "previous_chain", "escalations", "paused"]

# Each in its own form; null says something of a run and of a pause.
_known if {
	is_object(_ledger)
	every field in _fields { field in object.keys(_ledger) }
	is_string(_ledger.previous_chain)
	is_array(_ledger.escalations)
}

_chain_intact if {
	_ledger.previous_chain == "none"
	_ledger.previous_run == null
}

_chain_intact if {
	_ledger.previous_chain == "intact"
	is_string(_ledger.previous_run)
	_ledger.previous_run != ""
}

_acknowledged if _ledger.escalations == []

_running if _ledger.paused == null

# As gather saw it; before that, as it was when the run was opened.
default _path := ["opened", "body", "ledger"]

_path := ["observed", "gather", "body", "ledger"] if given.checkpoint.judges == "gather"

_ledger := lookup.value(_path)
