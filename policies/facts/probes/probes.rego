# METADATA
# title: Probes
# description: |
#   What the answer to one probe shows: good, pending (its audit event is not there yet), unanswered, ambiguous,
#   exempt, blocked (something else answered in place of Pod Security) or wrong.
package facts.probes

import future.keywords.not

import data.facts.answers
import data.facts.audit
import data.facts.given
import data.facts.lookup
import data.facts.manifests

# METADATA
# title: The probes on a server are those that were asked for
as_asked(server) if {
	count(manifests.digests) > 0
	is_array(server.probes)
	sent := [{field: lookup.field(probe, field) | some field in ["name", "resource", "template_sha256"]} |
		some probe in server.probes
	]
	sent == manifests.digests
}

# METADATA
# title: What one probe shows
result(probe) := "unanswered" if {
	answers.unanswered(probe.http)
	not probe.http.message.pattern == "webhook_failed"
} else := "ambiguous" if {
	count(audit.of_probe(probe)) > 1
} else := "exempt" if {
	some event in audit.of_probe(probe)
	event.exempt != null
} else := "good" if {
	_answer_fits(probe)
	_audit_fits(probe)
} else := "pending" if {
	_answer_fits(probe)
	count(audit.of_probe(probe)) == 0
} else := "blocked" if {
	_blocked(probe)
} else := "wrong"

_expectation(probe) := expectation if {
	some expectation in given.runbook.probes
	expectation.name == probe.name
}

_shows(probe, what) if _expectation(probe).shows == what

_blocked(probe) if {
	is_number(probe.http.status)
	not _past_pod_security(probe)
	not probe.http.message.pattern == "psa_violation"
}

_blocked(probe) if _altered(probe)

# A mutator took all violations out of the probe.
_altered(probe) if {
	answers.answered(probe.http, 201)
	_expectation(probe).pod == "violating"
	every violation in given.runbook.violations { _taken(probe, violation) }
}

_taken(probe, violation) if {
	some pointer in probe.differs
	startswith($"{_spec_pointer[probe.resource]}/{violation}/", $"{pointer}/")
}

_spec_pointer := {"pods": "/spec", "podtemplates": "/template/spec"}
