# METADATA
# title: Patch labels
# description: |
#   Write the approved tuple onto exactly the namespace that was read last. Not if the tuple is there already,
#   and not if the namespace moved since the latest look at a write that is in doubt.
package actions.patch_labels

import future.keywords.not

import data.facts.attempts
import data.facts.given
import data.facts.namespaces

# METADATA
# title: Params
params := {
	"namespace": given.task.namespace,
	"uid": _last.object.uid,
	"resource_version": _last.object.resource_version,
	"labels": {key: given.task.labels[key] | some key in given.runbook.label_keys},
	"not_after_ms": min([input.now_ms + given.runbook.limits_ms.go, input.opened.body.deadline_ms]),
} if {
	namespaces.sound(_last)
	not namespaces.restored(_last)
	attempts.known(_last)
	is_number(input.now_ms)
	is_number(input.opened.body.deadline_ms)
}

_last := input.observed.gather.body.last
