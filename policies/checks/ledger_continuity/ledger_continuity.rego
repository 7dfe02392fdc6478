# METADATA
# title: Ledger continuity
# description: |
#   The ledger has everything that was recorded in it. After a failover of its database the newest entries may be
#   missing, and with them attempts to write.
# custom:
#   reads:
#     - run_id
#     - observed.gather.body.ledger
#     - observed.gather.body.first.object.markers
package checks.ledger_continuity

import future.keywords.not

import data.facts.denial
import data.facts.lookup

# METADATA
# title: Everything this check wants is shown
pass if {
	_stayed
	is_array(_markers)
	every marker in _markers { _known_run(marker) }
}

# METADATA
# title: Where the ledger is and was is not there
# description: That nothing is known of a failover is not the same as that there was none.
# custom:
#   code: ledger_continuity.unknown
#   solution: Keep the store as it is, and find out which executor made the input; the run's entries name its version.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_ledger_path, _fields)) if not _known

# METADATA
# title: The ledger's database failed over while the run was open
# description: Entries of this run may be lost, and among them an attempt to write.
# custom:
#   code: ledger_continuity.failed_over
#   solution: Look for writes that the ledger lacks with `runbook-gate ledger reconcile`, then submit a new task.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_ledger_path, ["database", "recorded_by"])) if {
	_known
	not _stayed
}

# METADATA
# title: The namespace carries the marker of a run that the ledger does not know
# description: The ledger lost the whole run, or another executor with another ledger writes to this namespace.
# custom:
#   code: ledger_continuity.unknown_run
#   solution: Find its head where heads are kept, and its writes with `runbook-gate ledger reconcile`; then decide.
deny contains denial.of(rego.metadata.rule(), object.union(known, lookup.at([_markers_path]))) if {
	_known
	_unknown
	known := lookup.fields(_ledger_path, ["known_runs"])
}

_fields := ["database", "recorded_by", "known_runs"]

# A database is null where it cannot fail over.
_known if {
	is_object(_ledger)
	every field in _fields { field in object.keys(_ledger) }
	_is_database(_ledger.database)
	is_array(_ledger.recorded_by)
	is_array(_ledger.known_runs)
}

_is_database(null)

_is_database(database) if {
	is_string(database.system_identifier)
	is_number(database.timeline_id)
}

_stayed if {
	_known
	count(_ledger.recorded_by) > 0
	every database in _ledger.recorded_by { database == _ledger.database }
}

_unknown if {
	some marker in _markers
	not _known_run(marker)
}

# Those of this run are counted where its attempts are.
_known_run(marker) if marker.run == input.run_id

_known_run(marker) if marker.run in _ledger.known_runs

_ledger_path := ["observed", "gather", "body", "ledger"]

_ledger := lookup.value(_ledger_path)

_markers_path := ["observed", "gather", "body", "first", "object", "markers"]

_markers := lookup.value(_markers_path)
