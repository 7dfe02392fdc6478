# METADATA
# title: Mark
# description: Write the label of this step onto the namespace that was read last.
package actions.mark

import data.facts.given

# METADATA
# title: Params
params := {
	"namespace": given.task.namespace,
	"uid": _last.object.uid,
	"resource_version": _last.object.resource_version,
	"labels": {_key: given.task.labels[_key]},
	"not_after_ms": min([input.now_ms + given.runbook.limits_ms.go, input.opened.body.deadline_ms]),
}

_key := given.runbook.own.label_of[input.step]

_last := input.observed.gather.body.last
