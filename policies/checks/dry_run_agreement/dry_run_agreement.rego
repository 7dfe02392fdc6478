# METADATA
# title: Dry run agreement
# description: The API server predicts that the write would leave exactly the approved tuple.
# custom:
#   reads:
#     - opened.body.task.namespace
#     - opened.body.task.labels
#     - opened.body.task.drift.namespace_uid
#     - observed.gather.body.first
#     - observed.gather.body.last
#     - observed.gather.body.dry_run
package checks.dry_run_agreement

import future.keywords.not

import data.facts.answers
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces

# METADATA
# title: Everything this check wants is shown
pass if {
	namespaces.legible(_dry_run)
	namespaces.prequalified(_dry_run)
	namespaces.restored(_dry_run)
}

# METADATA
# title: The dry run is not answered
# custom:
#   code: dry_run_agreement.unanswered
#   solution: Make the API server reachable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), _answer) if {
	namespaces.all_sound
	answers.unanswered(_dry_run.http)
}

# METADATA
# title: The dry run of the write is refused
# description: A conflict is not meant here; drift_agreement says that the namespace moved.
# custom:
#   code: dry_run_agreement.refused
#   solution: Look at the status and at the plugin that refused; give the executor the right, or mend the plugin.
deny contains denial.of(rego.metadata.rule(), _answer) if {
	namespaces.all_sound
	not answers.unanswered(_dry_run.http)
	not answers.answered(_dry_run.http, 409)
	not namespaces.legible(_dry_run)
}

# METADATA
# title: The write would leave other labels than the approved tuple
# custom:
#   code: dry_run_agreement.differs
#   solution: Find the admission plugin that changes the labels, and settle with its owner what is approved.
deny contains denial.of(rego.metadata.rule(), lookup.at([predicted, ["opened", "body", "task", "labels"]])) if {
	namespaces.all_sound
	namespaces.legible(_dry_run)
	not namespaces.restored(_dry_run)
	predicted := array.concat(_path, ["object", "labels"])
}

# METADATA
# title: The dry run answers about another namespace than the reads
# custom:
#   code: dry_run_agreement.another_namespace
#   solution: Find out who deleted the namespace and made it again between the reads.
deny contains denial.of(rego.metadata.rule(), lookup.at([answered, _prequalified])) if {
	namespaces.all_sound
	namespaces.legible(_dry_run)
	not namespaces.prequalified(_dry_run)
	answered := array.concat(_path, ["object", "uid"])
}

_path := ["observed", "gather", "body", "dry_run"]

_prequalified := ["opened", "body", "task", "drift", "namespace_uid"]

_dry_run := lookup.value(_path)

_answer := lookup.fields(array.concat(_path, ["http"]), ["outcome", "status", "reason", "message"])
