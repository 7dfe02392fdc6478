# METADATA
# title: Gather
# description: Read the registers and the cluster's identity, then the namespace around a dry run of the write.
package actions.gather

import data.facts

# METADATA
# title: Params
params := {
	"cluster_id": facts.task.cluster_id,
	"namespace": facts.task.namespace,
	"labels": {key: facts.task.labels[key] | some key in facts.runbook.label_keys},
	"sources": facts.runbook.sources,
}
