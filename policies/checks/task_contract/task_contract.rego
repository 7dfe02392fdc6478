# METADATA
# title: Task contract
# description: The task is one that this runbook may be run for, prequalified by somebody who may, and it still is.
# custom:
#   reads:
#     - now_ms
#     - opened.body.task.labels
#     - opened.body.task.drift.labels
#     - opened.body.task.retry_budget
#     - opened.body.task.submission
#     - opened.body.task.prequalification
package checks.task_contract

import future.keywords.not

import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.namespaces

# METADATA
# title: Everything this check wants is shown
pass if {
	_active
	namespaces.labelled(given.task.labels)
	namespaces.labelled(given.task.drift.labels)
	_budget_agrees
	_submitter_listed
	_prequalifier_listed
	_prequalified
	_assured
}

# METADATA
# title: The runbook revision is superseded
# custom:
#   code: task_contract.superseded
#   solution: Submit a new task that names the active revision.
deny contains denial.of(rego.metadata.rule(), object.union(_at([["runbook"]]), lookup.of_runbook(["successor"]))) if {
	not _active
}

# METADATA
# title: The approved tuple is not exactly the runbook's labels
# custom:
#   code: task_contract.labels_malformed
#   solution: State every label of the runbook in the task, null where it is left out, and no other.
deny contains denial.of(rego.metadata.rule(), _at([["labels"]])) if not namespaces.labelled(given.task.labels)

# METADATA
# title: The prequalified drift is not exactly the runbook's labels
# custom:
#   code: task_contract.drift_malformed
#   solution: State the value of every label of the runbook as it was seen, null where it was absent.
deny contains denial.of(rego.metadata.rule(), _at([["drift", "labels"]])) if {
	not namespaces.labelled(given.task.drift.labels)
}

# METADATA
# title: The task's retry budget is not the runbook's
# custom:
#   code: task_contract.budget_differs
#   solution: Submit a new task with the runbook's retry budget.
deny contains denial.of(rego.metadata.rule(), object.union(stated, lookup.of_runbook(["retry_budget"]))) if {
	not _budget_agrees
	stated := _at([["retry_budget"]])
}

# METADATA
# title: The submitter is not listed
# custom:
#   code: task_contract.unlisted_submitter
#   solution: Let a listed party submit the task, or have this one reviewed into the parties data.
deny contains denial.of(rego.metadata.rule(), _at([["submission", "submitter"]])) if not _submitter_listed

# METADATA
# title: The prequalifier is not listed
# custom:
#   code: task_contract.unlisted_prequalifier
#   solution: Have the repair prequalified by a listed party, and submit a new task.
deny contains denial.of(rego.metadata.rule(), _at([["prequalification", "by"]])) if not _prequalifier_listed

# METADATA
# title: The prequalification is over
# custom:
#   code: task_contract.prequalification_past
#   solution: Have the repair prequalified again, and submit a new task.
deny contains denial.of(rego.metadata.rule(), object.union(until, lookup.at([["now_ms"]]))) if {
	not _prequalified
	until := _at([["prequalification", "until_ms"]])
}

# METADATA
# title: The prequalification is not shown well enough
# custom:
#   code: task_contract.insufficient_assurance
#   solution: Submit the task in a way that gives the assurance which the runbook wants.
deny contains denial.of(rego.metadata.rule(), _at([["submission", "assurance"]])) if {
	_prequalifier_listed
	not _assured
}

_at(fields) := lookup.at([array.concat(["opened", "body", "task"], field) | some field in fields])

_active if given.runbook.status == "active"

_budget_agrees if {
	is_number(given.runbook.retry_budget)
	given.task.retry_budget == given.runbook.retry_budget
}

_submitter_listed if given.task.submission.submitter in data.parties.submitters

_prequalifier_listed if given.task.prequalification.by in data.parties.prequalifiers

_prequalified if {
	is_number(input.now_ms)
	is_number(given.task.prequalification.until_ms)
	input.now_ms < given.task.prequalification.until_ms
}

_assured if given.task.submission.assurance in given.runbook.assurance
