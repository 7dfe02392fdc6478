# METADATA
# title: Probes
# description: |
#   What a round asks of admission, and what one answer shows: good, pending (its audit event is not there
#   yet), unanswered, ambiguous, exempt, blocked (something else answered in place of Pod Security) or wrong.
package facts.probes

import future.keywords.not

import data.facts
import data.facts.audit
import data.facts.http
import data.facts.levels

# METADATA
# title: The probes of one round
specs := [{"name": probe.name, "resource": probe.resource, "manifest": _manifest(probe)} |
	some probe in facts.runbook.probes
]

# METADATA
# title: What each probe of one round has to be
asked := [{"name": spec.name, "resource": spec.resource, "template_sha256": crypto.sha256(json.marshal(spec.manifest))} |
	some spec in specs
]

# METADATA
# title: The probes on a server are those that were asked for
as_asked(server) if {
	count(asked) > 0
	asked == [object.filter(probe, ["name", "resource", "template_sha256"]) | some probe in server.probes]
}

# METADATA
# title: Audit events of a probe, of all rounds, without repetition
events(probe) := {event |
	some round in input.rounds
	some event in round.body.audit.events
	audit.of_probe(event, probe)
}

# METADATA
# title: What one probe shows
result(probe) := "unanswered" if {
	http.unanswered(probe.http)
	not probe.http.message.pattern == "webhook_failed"
} else := "ambiguous" if {
	count(events(probe)) > 1
} else := "exempt" if {
	some event in events(probe)
	event.exempt != null
} else := "good" if {
	_answer_fits(probe)
	_audit_fits(probe)
} else := "pending" if {
	_answer_fits(probe)
	count(events(probe)) == 0
} else := "blocked" if {
	_blocked(probe)
} else := "wrong"

_shows(probe) := expectation.shows if {
	some expectation in facts.runbook.probes
	expectation.name == probe.name
}

_answer_fits(probe) if {
	_shows(probe) == "rejected"
	not levels.privileged("enforce")
	http.answered(probe.http, 403)
	probe.http.reason == "Forbidden"
	probe.http.kind == probe.resource
	probe.http.message.pattern == "psa_violation"
	levels.printed("enforce", probe.http.message.level_version)
}

_answer_fits(probe) if {
	_shows(probe) == "rejected"
	levels.privileged("enforce")
	http.answered(probe.http, 201)
	not _altered(probe)
}

_answer_fits(probe) if {
	_shows(probe) == "warned"
	not levels.privileged("warn")
	probe.http.outcome == "answered"
	count(probe.http.warnings.pod_security) > 0
	every warning in probe.http.warnings.pod_security { levels.printed("warn", warning) }
}

_answer_fits(probe) if {
	_shows(probe) == "warned"
	levels.privileged("warn")
	probe.http.warnings.pod_security == []
	_past_pod_security(probe)
	not _altered(probe)
}

_answer_fits(probe) if {
	_shows(probe) == "unwarned"
	probe.http.warnings.pod_security == []
	_perhaps_past_pod_security(probe)
}

_answer_fits(probe) if {
	_shows(probe) == "admitted"
	_past_pod_security(probe)
}

# Here only the audit event tells on which side of Pod Security the webhook stands.
_answer_fits(probe) if {
	_shows(probe) == "admitted"
	facts.runbook.audit == "required"
	_perhaps_past_pod_security(probe)
}

_audit_fits(probe) if {
	count(events(probe)) == 0
	facts.runbook.audit == "optional"
}

_audit_fits(probe) if {
	some event in events(probe)
	event.error == false
	event.exempt == null
	_event_fits(_shows(probe), event)
}

_event_fits("rejected", event) if levels.printed("enforce", event.enforce_policy)

_event_fits("warned", event) if levels.printed("audit", event.violations)

_event_fits("warned", event) if {
	levels.privileged("audit")
	event.violations == null
}

_event_fits("unwarned", event) if event.violations == null

_event_fits("admitted", event) if {
	levels.printed("enforce", event.enforce_policy)
	event.violations == null
}

# Created, or refused by what comes after Pod Security.
_past_pod_security(probe) if http.answered(probe.http, 201)

_past_pod_security(probe) if {
	probe.http.outcome == "answered"
	probe.http.message.pattern in {"quota_exceeded", "admission_policy", "already_exists"}
}

_perhaps_past_pod_security(probe) if _past_pod_security(probe)

_perhaps_past_pod_security(probe) if {
	probe.http.outcome == "answered"
	probe.http.message.pattern == "webhook_denied"
}

_blocked(probe) if {
	is_number(probe.http.status)
	not _past_pod_security(probe)
	not probe.http.message.pattern == "psa_violation"
}

_blocked(probe) if _altered(probe)

# A mutator took all violations out of the probe.
_altered(probe) if {
	http.answered(probe.http, 201)
	some expectation in facts.runbook.probes
	expectation.name == probe.name
	expectation.pod == "violating"
	every violation in facts.runbook.violations { _taken(probe, violation) }
}

_taken(probe, violation) if {
	some pointer in probe.differs
	startswith($"{_spec_pointer[probe.resource]}/{violation}/", $"{pointer}/")
}

_spec_pointer := {"pods": "/spec", "podtemplates": "/template/spec"}

_manifest(probe) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": _metadata,
	"spec": _spec(facts.runbook.pods[probe.pod]),
} if {
	probe.resource == "pods"
}

_manifest(probe) := {
	"apiVersion": "v1",
	"kind": "PodTemplate",
	"metadata": _metadata,
	"template": {"metadata": _metadata, "spec": _spec(facts.runbook.pods[probe.pod])},
} if {
	probe.resource == "podtemplates"
}

_metadata := {
	"labels": object.union(_overlay.labels, facts.runbook.pod_labels),
	"annotations": _overlay.annotations,
}

_spec(pod) := object.union_n([pod, {"containers": [_container(one) | some one in pod.containers]}, _account])

_container(one) := object.union(one, {
	"image": concat("", [_overlay.image_prefix, facts.runbook.image]),
	"resources": {"requests": _overlay.resources, "limits": _overlay.resources},
})

_account := {"serviceAccountName": _overlay.service_account} if {
	is_string(_overlay.service_account)
} else := {}

# The reviewed overlays of the target, the narrower one winning; anything else in them is ignored.
_overlay := object.filter(
	object.union_n([
		{"labels": {}, "annotations": {}, "resources": {}, "image_prefix": "", "service_account": null},
		object.get(data.parties, ["overlays", "default"], {}),
		object.get(data.parties, ["overlays", "clusters", facts.task.cluster_id, "default"], {}),
		object.get(data.parties, ["overlays", "clusters", facts.task.cluster_id, "namespaces", facts.task.namespace], {}),
	]),
	["labels", "annotations", "resources", "image_prefix", "service_account"],
)
