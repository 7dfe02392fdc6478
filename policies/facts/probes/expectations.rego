package facts.probes

import future.keywords.not

import data.facts.answers
import data.facts.audit
import data.facts.given
import data.facts.levels

_answer_fits(probe) if {
	_shows(probe, "rejected")
	not levels.privileged("enforce")
	answers.answered(probe.http, 403)
	probe.http.reason == "Forbidden"
	probe.http.kind == probe.resource
	probe.http.message.pattern == "psa_violation"
	levels.printed("enforce", probe.http.message.level_version)
}

_answer_fits(probe) if {
	_shows(probe, "rejected")
	levels.privileged("enforce")
	answers.answered(probe.http, 201)
	not _altered(probe)
}

_answer_fits(probe) if {
	_shows(probe, "warned")
	not levels.privileged("warn")
	probe.http.outcome == "answered"
	is_array(probe.http.warnings.pod_security)
	count(probe.http.warnings.pod_security) > 0
	every warning in probe.http.warnings.pod_security { levels.printed("warn", warning) }
}

_answer_fits(probe) if {
	_shows(probe, "warned")
	levels.privileged("warn")
	probe.http.warnings.pod_security == []
	_past_pod_security(probe)
	not _altered(probe)
}

_answer_fits(probe) if {
	_shows(probe, "unwarned")
	probe.http.warnings.pod_security == []
	_past_pod_security(probe)
}

_answer_fits(probe) if {
	_shows(probe, "unwarned")
	probe.http.warnings.pod_security == []
	_refused_by_webhook(probe)
}

_answer_fits(probe) if {
	_shows(probe, "admitted")
	_past_pod_security(probe)
}

# Only the audit event tells on which side of Pod Security the webhook stands.
_answer_fits(probe) if {
	_shows(probe, "admitted")
	given.runbook.audit == "required"
	_refused_by_webhook(probe)
}

_audit_fits(probe) if {
	count(audit.of_probe(probe)) == 0
	given.runbook.audit == "optional"
}

_audit_fits(probe) if {
	some event in audit.of_probe(probe)
	event.error == false
	event.exempt == null
	_event_fits(_expectation(probe).shows, event)
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
_past_pod_security(probe) if answers.answered(probe.http, 201)

_past_pod_security(probe) if {
	probe.http.outcome == "answered"
	probe.http.message.pattern in {"quota_exceeded", "admission_policy", "already_exists"}
}

_refused_by_webhook(probe) if {
	probe.http.outcome == "answered"
	probe.http.message.pattern == "webhook_denied"
}
