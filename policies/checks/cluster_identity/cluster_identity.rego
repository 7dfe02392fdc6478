# METADATA
# title: Cluster identity
# description: The cluster that answers is the one in the inventory, it knows the executor, and the two clocks agree.
# custom:
#   reads:
#     - observed.gather.at_ms
#     - observed.gather.boottime_ms
#     - observed.gather.body.cluster
#     - observed.gather.body.identity
#     - observed.gather.body.last.http.answered_ms
#     - observed.gather.body.last.read_boottime_ms
#     - observed.gather.body.registers.*
package checks.cluster_identity

import future.keywords.not

import data.facts.answers
import data.facts.denial
import data.facts.given
import data.facts.lookup
import data.facts.registers

# METADATA
# title: Everything this check wants is shown
pass if {
	_cluster_known
	_executor_known
	_same_cluster
	_clocks_agree
	_clock_steady
}

# METADATA
# title: The API server does not say which cluster it is, or who the executor is
# custom:
#   code: cluster_identity.unanswered
#   solution: Make the API server reachable; the run goes on by itself when it answers before its deadline.
deny contains denial.of(rego.metadata.rule(), lookup.fields(path, ["outcome", "status", "message"])) if {
	some path in [_cluster_http, _executor_http]
	answers.unanswered(lookup.value(path))
}

# METADATA
# title: The uid of kube-system cannot be read
# custom:
#   code: cluster_identity.unreadable
#   solution: Give the executor the right to read the namespace kube-system, and check its credentials.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_cluster_http, ["outcome", "status", "message"])) if {
	not answers.unanswered(lookup.value(_cluster_http))
	not _cluster_known
}

# METADATA
# title: The API server does not say who the executor is
# custom:
#   code: cluster_identity.executor_unknown
#   solution: Check the executor's credentials; it has to be allowed to create a SelfSubjectReview.
deny contains denial.of(rego.metadata.rule(), lookup.fields(_executor_http, ["outcome", "status", "message"])) if {
	not answers.unanswered(lookup.value(_executor_http))
	not _executor_known
}

# METADATA
# title: Another cluster answers than the one in the inventory
# custom:
#   code: cluster_identity.wrong_cluster
#   solution: Compare the executor's cluster address with the inventory, and correct the one that is wrong.
deny contains denial.of(rego.metadata.rule(), lookup.at([found, stated])) if {
	_cluster_known
	registers.the_record(given.runbook.inventory)
	not _same_cluster
	found := ["observed", "gather", "body", "cluster", "uid"]
	stated := array.concat(registers.path(given.runbook.inventory), ["records", 0, "uid"])
}

_cluster_http := ["observed", "gather", "body", "cluster", "http"]

_executor_http := ["observed", "gather", "body", "identity", "http"]

_cluster_known if {
	answers.answered(lookup.value(_cluster_http), 200)
	is_string(input.observed.gather.body.cluster.uid)
	input.observed.gather.body.cluster.uid != ""
}

_executor_known if {
	answers.answered(lookup.value(_executor_http), 201)
	is_string(input.observed.gather.body.identity.username)
	input.observed.gather.body.identity.username != ""
}

_same_cluster if registers.the_record(given.runbook.inventory).uid == input.observed.gather.body.cluster.uid
