package facts.audit_test

import future.keywords.not

import data.cases
import data.facts.audit

_asked := cases.at("fail/retry_eligibility/in_doubt")

_attempt := _asked.attempts[0].intent.sha256

_own := _asked.observed.resolve_write.body.audit.writes[0]

_write := object.union(_own, {
	"audit_id": "5d1f7c11-2f60-4d5b-8e0a-0f4f9a6f1c55",
	"username": "alice",
	"code": 200,
	"change": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}},
})

_log := ["observed", "resolve_write", "body", "audit"]

_with(asked, log) := json.patch(asked, [{"op": "add", "path": "/observed/resolve_write/body/audit", "value": log}])

# Changes of a write of the labels, and how many it counts as.
_writes := {
	"a write": [{}, 1],
	"a dry run": [{"dry_run": true}, 0],
	"of another label": [{"change": null}, 0],
	"refused": [{"code": 403}, 0],
	"refused at the least": [{"code": 400}, 0],
	"refused at the most": [{"code": 499}, 0],
	"redirected": [{"code": 399}, 1],
	"a server error": [{"code": 500}, 1],
	"a timeout": [{"code": 504}, 1],
	"without a status": [{"code": null}, 1],
	"a status in words": [{"code": "403"}, 1],
	"under our name": [{"username": _own.username}, 1],
	"under our name with a timeout": [{"username": _own.username, "code": 504}, 1],
	"under our Audit-ID": [{"audit_id": _attempt}, 1],
	"under our Audit-ID with a timeout": [{"audit_id": _attempt, "code": 504}, 1],
	"ours": [{"audit_id": _attempt, "username": _own.username}, 1],
	"ours with a timeout": [{"audit_id": _attempt, "username": _own.username, "code": 504}, 0],
	"ours with a redirect": [{"audit_id": _attempt, "username": _own.username, "code": 300}, 0],
	"ours without a status": [{"audit_id": _attempt, "username": _own.username, "code": null}, 1],
	"ours with a status in words": [{"audit_id": _attempt, "username": _own.username, "code": "504"}, 1],
	"ours of another verb": [{"audit_id": _attempt, "username": _own.username, "code": 504, "verb": "update"}, 1],
	"ours of another resource": [{"audit_id": _attempt, "username": _own.username, "code": 504, "resource": "pods"}, 1],
}

test_counts_every_write_that_is_not_shown_to_be_harmless if {
	wrong := {name |
		some name, [changes, counts] in _writes
		found := audit.label_writes({"writes": [object.union(_write, changes)]}) with input as _asked
		count(found) != counts
	}
	wrong == set()
}

test_names_the_writers_but_not_this_run if {
	ours := object.union(_own, {"code": 200})
	log := {"writes": [_write, ours, object.union(_write, {"dry_run": true})]}
	found := audit.writers(_log) with input as _with(_asked, log)
	found == {"derived.writers": [{"username": "alice", "labels": _write.change.labels}]}
}

test_names_what_is_known_of_a_writer if {
	found := audit.writers(_log) with input as _with(_asked, {"writes": [7]})
	found == {"derived.writers": [{"username": null, "labels": null}]}
}

test_names_nobody_where_there_is_no_log if {
	audit.writers(_log) == {"derived.writers": []} with input as _with(_asked, null)
	audit.writers(["observed", "no", "such"]) == {"derived.writers": []} with input as _asked
}

test_an_attempt_without_a_digest_has_no_event if {
	nameless := {"intent": {"sha256": null}}
	not audit.of_attempt(object.union(_own, {"audit_id": null}), nameless) with input as _asked
}

test_a_namespace_of_null_has_no_event if {
	asked := cases.changed("fail/retry_eligibility/in_doubt", {"/opened/body/task/namespace": null})
	not audit.of_attempt(object.union(_own, {"namespace": null}), asked.attempts[0]) with input as asked
}

test_events_by_key_are_no_events if {
	good := cases.at("pass/cp3/second_round")
	probe := good.rounds[1].body.servers[0].probes[0]
	count(audit.of_probe(probe)) == 1 with input as good
	own := [event | some event in good.rounds[1].body.audit.events; event.audit_id == probe.audit_id]
	by_key := [{"body": {"audit": {"events": {"0": own[0]}}}}]
	audit.of_probe(probe) == set() with input as object.union(good, {"rounds": by_key})
}

test_a_list_is_no_audit_id if {
	good := cases.at("pass/cp3/second_round")
	probe := good.rounds[1].body.servers[0].probes[0]
	audit.of_probe(object.union(probe, {"audit_id": [probe.audit_id]})) == set() with input as good
}

test_a_write_of_the_first_of_two_attempts_is_ours if {
	asked := cases.at("pass/cp2/second_attempt_applied")
	first := object.union(_own, {"audit_id": asked.attempts[0].intent.sha256})
	audit.writers(_log) == {"derived.writers": []} with input as _with(asked, {"writes": [first]})
}

# Changes of a write, and whether it explains the state that was read.
_explanations := {
	"somebody's": [{}, 1],
	"of another version": [{"resource_version": "48298"}, 0],
	"a dry run": [{"dry_run": true}, 0],
	"ours": [{"audit_id": _attempt, "username": _own.username}, 0],
}

test_a_write_by_its_version_explains_what_was_read if {
	write := object.union(_write, {"resource_version": "48299"})
	wrong := {name |
		some name, [changes, counts] in _explanations
		log := {"writes": [object.union(write, changes)]}
		found := audit.explaining(log, {"object": {"resource_version": "48299"}}) with input as _asked
		count(found) != counts
	}
	wrong == set()
}

test_a_version_that_is_not_known_explains_nothing if {
	log := {"writes": [object.union(_write, {"resource_version": null})]}
	audit.explaining(log, {"object": {"resource_version": null}}) == [] with input as _asked
}
