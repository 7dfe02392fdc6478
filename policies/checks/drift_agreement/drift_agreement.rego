# METADATA
# title: Drift agreement
# description: |
#   Each label has the value that was prequalified or the approved one, nobody is changing the namespace now, and
#   no reconciler would be overruled.
# custom:
#   reads:
#     - opened.body.task.namespace
#     - opened.body.task.labels
#     - opened.body.task.drift
#     - observed.gather.body.first
#     - observed.gather.body.last
#     - observed.gather.body.dry_run.http
#     - observed.resolve_write.body.read
package checks.drift_agreement

import future.keywords.not

import data.facts.answers
import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.namespaces

# METADATA
# title: Everything this check wants is shown
pass if {
	namespaces.all_sound
	namespaces.all_admitted(namespaces.newest)
	_steady
	_unmanaged
}

# METADATA
# title: A label has a value that was neither prequalified nor approved
# description: It may be somebody's newer decision.
# custom:
#   code: drift_agreement.foreign_value
#   solution: Find out who set it; if it is not wanted, have the repair prequalified with this value.
deny contains denial.of(rego.metadata.rule(), lookup.at([live, approved, prequalified])) if {
	namespaces.all_sound
	some key in given.runbook.label_keys
	not namespaces.admitted(namespaces.newest, key)
	live := array.concat(namespaces.newest_path, ["object", "labels", key])
	approved := ["opened", "body", "task", "labels", key]
	prequalified := ["opened", "body", "task", "drift", "labels", key]
}

# METADATA
# title: The namespace is being changed by somebody else
# custom:
#   code: drift_agreement.moved
#   solution: Wait, or find out from the audit log who keeps writing to the namespace.
deny contains denial.of(rego.metadata.rule(), lookup.at(array.concat(versions, [_dry_run_status]))) if {
	namespaces.all_sound
	not _steady
	versions := [array.concat(path, ["object", "resource_version"]) | some path in namespaces.paths]
}

# METADATA
# title: Another manager would put its own labels back
# custom:
#   code: drift_agreement.managed_elsewhere
#   solution: Correct the labels where that manager takes them from.
deny contains denial.of(rego.metadata.rule(), lookup.fields(live, ["managers"])) if {
	namespaces.all_sound
	not _unmanaged
	live := array.concat(namespaces.newest_path, ["object"])
}

_dry_run_status := ["observed", "gather", "body", "dry_run", "http", "status"]

_steady if {
	count({_version(lookup.value(path)) | some path in namespaces.paths}) == 1
	not answers.answered(input.observed.gather.body.dry_run.http, 409)
}

_version(read) := [read.object.uid, read.object.resource_version, read.object.labels]

_unmanaged if namespaces.restored(namespaces.newest)

_unmanaged if {
	is_array(given.runbook.reconcilers)
	every manager in namespaces.newest.object.managers { _no_reconciler(manager) }
}

_no_reconciler(manager) if {
	is_string(manager)
	not manager in given.runbook.reconcilers
}
