# METADATA
# title: Resolve write
# description: |
#   Read the namespace, the markers and the audit log. In place of a write only if there is nothing to write
#   yet: the tuple is there already, or the namespace moved since the latest look at a write that is in doubt.
#   Writes are looked up from earlier on than they matter: the servers' clocks may differ by the skew.
package actions.resolve_write

import future.keywords.not

import data.facts.attempts
import data.facts.given
import data.facts.namespaces

# METADATA
# title: Params
params := {
	"namespace": given.task.namespace,
	"label_keys": given.runbook.label_keys,
	"audit_ids": attempts.audit_ids,
	"since_ms": attempts.since_ms - given.runbook.limits_ms.skew,
} if {
	_called_for
	is_number(attempts.since_ms)
	is_number(given.runbook.limits_ms.skew)
}

_called_for if given.checkpoint.judges == "resolve_write"

_called_for if {
	given.checkpoint.judges == "gather"
	namespaces.restored(namespaces.newest)
}

_called_for if {
	given.checkpoint.judges == "gather"
	namespaces.sound(namespaces.newest)
	not attempts.known(namespaces.newest)
}
