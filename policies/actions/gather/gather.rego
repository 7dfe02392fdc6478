# METADATA
# title: Gather
# description: Read the registers and the cluster's identity, then the namespace around a dry run of the write.
package actions.gather

import data.facts.run

# METADATA
# title: Params
params := {
	"cluster_id": run.task.cluster_id,
	"namespace": run.task.namespace,
	"labels": {key: run.task.labels[key] | some key in run.runbook.label_keys},
	"sources": run.runbook.sources,
}
