# METADATA
# title: Gather
# description: Read the registers and the cluster's identity, then the namespace around a dry run of the write.
package actions.gather

import data.facts.given

# METADATA
# title: Params
params := {
	"cluster_id": given.task.cluster_id,
	"namespace": given.task.namespace,
	"labels": {key: given.task.labels[key] | some key in given.runbook.label_keys},
	"sources": given.runbook.sources,
} if {
	every field in ["cluster_id", "namespace"] { _named(given.task[field]) }
}

_named(value) if {
	is_string(value)
	value != ""
}
