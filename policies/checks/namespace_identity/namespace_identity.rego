# METADATA
# title: Namespace identity
# description: Every read of this checkpoint shows the namespace that was prequalified, and it is alive.
# custom:
#   reads:
#     - opened.body.task.namespace
#     - opened.body.task.drift.namespace_uid
#     - observed.gather.body.first
#     - observed.gather.body.last
#     - observed.resolve_write.body.read
#     - rounds.*.body.servers.*.first
#     - rounds.*.body.servers.*.last
package checks.namespace_identity

import future.keywords.not

import data.facts.answers
import data.facts.denial
import data.facts.lookup
import data.facts.namespaces

# METADATA
# title: Everything this check wants is shown
pass if namespaces.all_sound

# METADATA
# title: The API server does not say how the namespace is
# custom:
#   code: namespace_identity.unanswered
#   solution: Make the API server reachable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), _answer(path)) if {
	some path in namespaces.paths
	answers.unanswered(_http(path))
	not _skipped(path)
}

# METADATA
# title: The namespace does not exist
# custom:
#   code: namespace_identity.missing
#   solution: Find out who deleted it; a new namespace needs a new task.
deny contains denial.of(rego.metadata.rule(), _answer(path)) if {
	some path in namespaces.paths
	answers.missing(_http(path))
}

# METADATA
# title: The namespace cannot be read
# custom:
#   code: namespace_identity.unreadable
#   solution: Give the executor the right to read the namespace, and check its credentials.
deny contains denial.of(rego.metadata.rule(), _answer(path)) if {
	some path in namespaces.paths
	not answers.unanswered(_http(path))
	not answers.missing(_http(path))
	not namespaces.legible(lookup.value(path))
}

# METADATA
# title: The namespace is not the one that was prequalified
# custom:
#   code: namespace_identity.recreated
#   solution: It was deleted and made again; have the repair of the new one prequalified.
deny contains denial.of(rego.metadata.rule(), lookup.at([found, _prequalified])) if {
	some path in namespaces.paths
	namespaces.legible(lookup.value(path))
	not namespaces.prequalified(lookup.value(path))
	found := array.concat(path, ["object", "uid"])
}

# METADATA
# title: The namespace is not Active, or is being deleted
# custom:
#   code: namespace_identity.terminating
#   solution: Leave it alone; a namespace that is being deleted needs no repair.
deny contains denial.of(rego.metadata.rule(), lookup.fields(object_path, ["phase", "deletion_ms"])) if {
	some path in namespaces.paths
	namespaces.legible(lookup.value(path))
	not namespaces.alive(lookup.value(path))
	object_path := array.concat(path, ["object"])
}

_prequalified := ["opened", "body", "task", "drift", "namespace_uid"]

_http(path) := lookup.value(array.concat(path, ["http"]))

_answer(path) := lookup.fields(array.concat(path, ["http"]), ["outcome", "status", "message"])

# Not sent, because another read had already shown that there is nothing to read.
_skipped(path) if {
	_http(path).outcome == "not_sent"
	some other in namespaces.paths
	not answers.unanswered(_http(other))
	not namespaces.legible(lookup.value(other))
}
