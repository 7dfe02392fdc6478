# METADATA
# title: Cluster identity
# description: |
#   The cluster that answers is the one in the inventory, it knows the executor, and the two clocks agree.
package checks.cluster_identity

import future.keywords.not

import data.facts.answers
import data.facts.denial
import data.facts.lookup
import data.facts.registers
import data.facts.run

# METADATA
# title: Everything this check wants is shown
pass if {
	_known(_cluster)
	_executor_known
	_same_cluster
	_clocks_agree
}

# METADATA
# title: The API server does not say which cluster it is, or who the executor is
# custom:
#   code: cluster_identity.unanswered
#   solution: Make the API server reachable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), lookup.at(answers.paths(["observed", "gather", "body", request]))) if {
	some request in ["cluster", "identity"]
	answers.unanswered(lookup.value(["observed", "gather", "body", request]).http)
}

# METADATA
# title: The uid of kube-system cannot be read
# custom:
#   code: cluster_identity.unreadable
#   solution: Give the executor the right to read the namespace kube-system, and check its credentials.
deny contains denial.of(rego.metadata.rule(), lookup.at(answers.paths(["observed", "gather", "body", "cluster"]))) if {
	not answers.unanswered(_cluster.http)
	not _known(_cluster)
}

# METADATA
# title: The API server does not say who the executor is
# custom:
#   code: cluster_identity.executor_unknown
#   solution: Check the executor's credentials; it has to be allowed to create a SelfSubjectReview.
deny contains denial.of(rego.metadata.rule(), lookup.at(answers.paths(["observed", "gather", "body", "identity"]))) if {
	not answers.unanswered(_identity.http)
	not _executor_known
}

# METADATA
# title: Another cluster answers than the one in the inventory
# custom:
#   code: cluster_identity.wrong_cluster
#   solution: Compare the executor's cluster address with the inventory, and correct the one that is wrong.
deny contains denial.of(rego.metadata.rule(), lookup.at([["observed", "gather", "body", "cluster", "uid"], inventory])) if {
	_known(_cluster)
	registers.the_record(run.runbook.inventory)
	not _same_cluster
	inventory := array.concat(registers.path(run.runbook.inventory), ["records", 0, "uid"])
}

# METADATA
# title: The clocks of executor and API server do not agree
# custom:
#   code: cluster_identity.clocks_differ
#   solution: Synchronise both clocks; every age and deadline is measured with them.
deny contains denial.of(rego.metadata.rule(), lookup.at(paths)) if {
	_known(_cluster)
	not _clocks_agree
	paths := [["observed", "gather", "body", "cluster", "http", field] | some field in ["date_ms", "sent_ms", "answered_ms"]]
}

_cluster := lookup.value(["observed", "gather", "body", "cluster"])

_identity := lookup.value(["observed", "gather", "body", "identity"])

_known(cluster) if {
	answers.answered(cluster.http, 200)
	is_string(cluster.uid)
	cluster.uid != ""
}

_executor_known if {
	answers.answered(_identity.http, 201)
	is_string(_identity.username)
	_identity.username != ""
}

_same_cluster if registers.the_record(run.runbook.inventory).uid == _cluster.uid

# The Date header is in whole seconds: the server's clock showed something within that second.
_clocks_agree if {
	skew := run.runbook.limits_ms.skew
	answer := _cluster.http
	every moment in [skew, answer.date_ms, answer.sent_ms, answer.answered_ms] { is_number(moment) }
	answer.date_ms + 999 >= answer.sent_ms - skew
	answer.date_ms <= answer.answered_ms + skew
}
