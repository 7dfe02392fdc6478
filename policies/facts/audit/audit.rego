# METADATA
# title: Audit log
# description: |
#   Which audit events count as ours, and which writes to the namespace touched the runbook's labels.
#   An event counts only if Audit-ID, user, verb, object and stage match: anybody can write a second event
#   under our Audit-ID.
package facts.audit

import future.keywords.not

import data.facts.given
import data.facts.lookup

# METADATA
# title: As whom the API server sees the executor
username := input.observed.gather.body.identity.username

# METADATA
# title: Audit events of a probe, of all rounds, without repetition
of_probe(probe) := {event |
	some event in object.get(_by_audit_id, [probe.audit_id], set())
	_ours(event)
	event.verb == "create"
	event.resource == probe.resource
	event.name in {null, probe.object_name}
	event.dry_run == true
	event.code == probe.http.status
}

# METADATA
# title: What a denial tells of the audit events of a probe
told(probe) := [object.filter(event, ["code", "enforce_policy", "violations", "exempt", "error"]) |
	some event in of_probe(probe)
]

# METADATA
# title: The event is the write of an attempt
of_attempt(event, attempt) if {
	is_string(attempt.intent.sha256)
	event.audit_id == attempt.intent.sha256
	_ours(event)
	event.verb == "patch"
	event.resource == "namespaces"
	event.dry_run == false
}

# METADATA
# title: Writes that may have changed the runbook's labels
# description: |
#   Every write counts unless it is shown to be harmless: a dry run, one that names none of the labels,
#   one that was refused, or an attempt of ours that was not answered with success.
label_writes(log) := [event |
	some event in log.writes
	not _harmless(event)
]

# METADATA
# title: Writes of others than this run that led to the state that was read
# description: By its resourceVersion. What none explains was written elsewhere, or its event is missing.
explaining(log, read) := [event |
	some event in log.writes
	event.dry_run == false
	not _of_this_run(event)
	is_string(event.resource_version)
	event.resource_version == read.object.resource_version
]

# METADATA
# title: Label writes of others than this run
foreign(log) := [event |
	some event in label_writes(log)
	not _of_this_run(event)
]

# METADATA
# title: Who wrote the labels, other than this run
# description: Of the log at a path, so that a log that is not there cannot take a denial with it.
writers(path) := lookup.derived("writers", [writer |
	some event in foreign(lookup.value(path))
	writer := {
		"username": lookup.field(event, "username"),
		"labels": lookup.field(lookup.field(event, "change"), "labels"),
	}
])

_ours(event) if {
	is_string(username)
	event.username == username
	is_string(given.task.namespace)
	event.namespace == given.task.namespace
	event.subresource == null
	event.stage == "ResponseComplete"
}

_by_audit_id[event.audit_id] contains event if {
	some block in input.rounds
	is_array(block.body.audit.events)
	some event in block.body.audit.events
}

_harmless(event) if event.dry_run == true

_harmless(event) if event.change == null

_harmless(event) if {
	is_number(event.code)
	event.code >= 400
	event.code < 500
}

_harmless(event) if {
	_of_this_run(event)
	is_number(event.code)
	event.code >= 300
}

_of_this_run(event) if {
	some attempt in input.attempts
	of_attempt(event, attempt)
}
