package facts.probes_test

import future.keywords.not

import data.cases
import data.facts.probes

_name := cases.current

_spec := {"P1": "pods", "P2": "podtemplates", "P2c": "podtemplates", "P3": "pods"}

# An answer to one probe of a namespace with these labels, and the audit events of it.
_asked(labels, events) := {
	"opened": {"body": {"task": {
		"runbook": _name,
		"namespace": "payments",
		"labels": {$"pod-security.kubernetes.io/{key}": value | some key, value in object.union(_none, labels)},
	}}},
	"observed": {"gather": {"body": {"identity": {"username": "executor"}}}},
	"rounds": [{"body": {"audit": {"events": events}}}],
}

_none := {
	"enforce": null,
	"enforce-version": null,
	"audit": null,
	"audit-version": null,
	"warn": null,
	"warn-version": null,
}

_probe(name, changes) := object.union(
	{
		"name": name,
		"resource": _spec[name],
		"object_name": "rbgate-probe",
		"audit_id": "a",
		"differs": [],
		"http": {"outcome": "answered", "status": 201, "message": null, "warnings": {"pod_security": []}},
	},
	changes,
)

_event(probe, changes) := object.union(
	{
		"audit_id": probe.audit_id,
		"stage": "ResponseComplete",
		"verb": "create",
		"username": "executor",
		"resource": probe.resource,
		"namespace": "payments",
		"name": null,
		"subresource": null,
		"dry_run": true,
		"code": probe.http.status,
		"enforce_policy": null,
		"violations": null,
		"exempt": null,
		"error": false,
	},
	changes,
)

_refused(pattern) := {"http": {"status": 403, "message": {"pattern": pattern}}}

_warned(texts) := {"http": {"warnings": {"pod_security": texts}}}

_stripped := [
	"/spec/hostNetwork",
	"/spec/hostPID",
	"/spec/hostIPC",
	"/spec/containers/0/ports/0/hostPort",
	"/spec/volumes/0/hostPath/path",
]

_restricted := {"enforce": "restricted", "enforce-version": "v1.31"}

# Labels, probe, changes of the answer, changes of the event, result.
_with_audit := {
	"privileged: a violating pod is admitted": [{}, "P1", {}, {"enforce_policy": "privileged:latest"}, "good"],
	"privileged: refused after all": [{}, "P1", _refused("psa_violation"), {}, "wrong"],
	"privileged: a pod without its violations": [
		{}, "P1", {"differs": _stripped}, {"enforce_policy": "privileged:latest"}, "blocked",
	],
	"privileged: a pod without most of its violations": [
		{}, "P1", {"differs": array.slice(_stripped, 1, 5)}, {"enforce_policy": "privileged:latest"}, "good",
	],
	"privileged: a pod without its volumes and more": [
		{},
		"P1",
		{"differs": array.concat(array.slice(_stripped, 0, 4), ["/spec/volumes"])},
		{"enforce_policy": "privileged:latest"},
		"blocked",
	],
	"privileged: another pointer that begins alike": [
		{},
		"P1",
		{"differs": array.concat(array.slice(_stripped, 1, 5), ["/spec/hostNet"])},
		{"enforce_policy": "privileged:latest"},
		"good",
	],
	"privileged: no word from Pod Security": [{}, "P1", {}, {}, "wrong"],
	"privileged: refused in the words of Pod Security": [
		{},
		"P1",
		{"http": {
			"status": 403, "reason": "Forbidden", "kind": "pods",
			"message": {"pattern": "psa_violation", "level_version": "privileged:latest"},
		}},
		{"enforce_policy": "privileged:latest"},
		"wrong",
	],
	"privileged: warned of privileged": [{}, "P2", _warned(["privileged:latest"]), {}, "wrong"],
	"warnings by key": [
		{"warn": "restricted"}, "P2", {"http": {"warnings": {"pod_security": {"x": "restricted:latest"}}}}, {}, "wrong",
	],
	"privileged: exempt": [{}, "P1", {}, {"exempt": "namespace"}, "exempt"],
	"privileged: neither warned nor audited": [{}, "P2", {}, {}, "good"],
	"privileged: warned": [{}, "P2", _warned(["restricted:latest"]), {}, "wrong"],
	"privileged: audited": [{}, "P2", {}, {"violations": "restricted:latest"}, "wrong"],
	"privileged: a template without its violations": [
		{}, "P2", {"differs": [$"/template{pointer}" | some pointer in _stripped]}, {}, "blocked",
	],
	"privileged: a template refused by an admission policy": [{}, "P2", _refused("admission_policy"), {}, "good"],
	"privileged: a template refused by a webhook": [{}, "P2", _refused("webhook_denied"), {}, "blocked"],
	"privileged: a compliant pod": [{}, "P3", {}, {"enforce_policy": "privileged:latest"}, "good"],
	"warn privileged, audit restricted": [
		{"audit": "restricted"}, "P2", {}, {"violations": "restricted:latest"}, "good",
	],
	"warn restricted, audit privileged": [
		{"warn": "restricted"}, "P2", _warned(["restricted:latest"]), {}, "good",
	],
	"warned and refused later": [
		{"warn": "restricted"},
		"P2",
		object.union(_refused("webhook_denied"), _warned(["restricted:latest"])),
		{},
		"good",
	],
	"not warned and refused": [{"warn": "restricted"}, "P2", _refused("webhook_denied"), {}, "blocked"],
	"warn inherited": [
		_restricted, "P2", _warned(["restricted:v1.31"]), {}, "good",
	],
	"a compliant template refused by a webhook": [_restricted, "P2c", _refused("webhook_denied"), {}, "good"],
	"a compliant template refused by a quota": [_restricted, "P2c", _refused("quota_exceeded"), {}, "good"],
	"a compliant template refused by RBAC": [_restricted, "P2c", _refused("rbac"), {}, "blocked"],
	"a compliant pod, another level": [_restricted, "P3", {}, {"enforce_policy": "baseline:v1.31"}, "wrong"],
	"the words of Pod Security with another status": [
		_restricted,
		"P1",
		{"http": {
			"status": 422, "reason": "Forbidden", "kind": "pods",
			"message": {"pattern": "psa_violation", "level_version": "restricted:v1.31"},
		}},
		{"enforce_policy": "restricted:v1.31"},
		"wrong",
	],
	"other words that name the level": [
		_restricted,
		"P1",
		{"http": {
			"status": 403, "reason": "Forbidden", "kind": "pods",
			"message": {"pattern": "quota_exceeded", "level_version": "restricted:v1.31"},
		}},
		{"enforce_policy": "restricted:v1.31"},
		"wrong",
	],
	"a quota before all violations were seen": [
		_restricted,
		"P1",
		object.union(_refused("quota_exceeded"), {"differs": _stripped}),
		{"enforce_policy": "restricted:v1.31"},
		"wrong",
	],
	"privileged: a violating pod refused by a quota": [
		{}, "P1", _refused("quota_exceeded"), {"enforce_policy": "privileged:latest"}, "wrong",
	],
	"enforced and not warned: a violating pod is admitted": [
		object.union(_restricted, {"warn": "privileged"}), "P1", {}, {"enforce_policy": "restricted:v1.31"}, "wrong",
	],
	"a compliant template warned of and refused by a webhook": [
		_restricted,
		"P2c",
		object.union(_refused("webhook_denied"), _warned(["restricted:v1.31"])),
		{},
		"blocked",
	],
	"a compliant pod that comes back with other values": [
		_restricted, "P3", {"differs": _stripped}, {"enforce_policy": null}, "wrong",
	],
	"a warning in no answer": [
		{"warn": "restricted"},
		"P2",
		{"http": {"outcome": "exploded", "warnings": {"pod_security": ["restricted:latest"]}}},
		{},
		"blocked",
	],
	"a quota in no answer": [
		_restricted,
		"P3",
		object.union(_refused("quota_exceeded"), {"http": {"outcome": "exploded"}}),
		{"enforce_policy": "restricted:v1.31"},
		"blocked",
	],
	"a webhook in no answer": [
		_restricted,
		"P3",
		object.union(_refused("webhook_denied"), {"http": {"outcome": "exploded"}}),
		{"enforce_policy": "restricted:v1.31"},
		"blocked",
	],
	"a probe that nobody asked for": [_restricted, "P4", {"resource": "pods"}, {}, "wrong"],
	"an answer without a status": [_restricted, "P3", {"http": {"status": null}}, {}, "wrong"],
}

test_shows if {
	wrong := {name |
		some name, case in _with_audit
		probe := object.union(_probe("P1", {"name": case[1], "resource": object.get(_spec, case[1], "pods")}), case[2])
		found := probes.result(probe) with input as _asked(case[0], [_event(probe, case[3])])
		not found == case[4]
	}
	wrong == set()
}

# Labels, probe, changes of the answer, result, where audit evidence is optional and there is none.
_without_audit := {
	"a violating pod is refused": [
		_restricted,
		"P1",
		{"http": {
			"status": 403, "reason": "Forbidden", "kind": "pods",
			"message": {"pattern": "psa_violation", "level_version": "restricted:v1.31"},
		}},
		"good",
	],
	"a violating template is warned of": [_restricted, "P2", _warned(["restricted:v1.31"]), "good"],
	"a compliant template": [_restricted, "P2c", {}, "good"],
	"a compliant pod": [_restricted, "P3", {}, "good"],
	"a compliant pod refused by a quota": [_restricted, "P3", _refused("quota_exceeded"), "good"],
	"a compliant pod refused by a webhook": [_restricted, "P3", _refused("webhook_denied"), "blocked"],
}

test_shows_without_audit if {
	wrong := {name |
		some name, case in _without_audit
		probe := object.union(_probe("P1", {"name": case[1], "resource": _spec[case[1]]}), case[2])
		found := probes.result(probe) with input as _asked(case[0], [])
			with data.runbooks as {_name: object.union(data.runbooks[_name], {"audit": "optional"})}
		not found == case[3]
	}
	wrong == set()
}

test_contradicted_by_audit_where_it_is_optional if {
	probe := _probe("P3", {})
	event := _event(probe, {"enforce_policy": "baseline:v1.31"})
	found := probes.result(probe) with input as _asked(_restricted, [event])
		with data.runbooks as {_name: object.union(data.runbooks[_name], {"audit": "optional"})}
	found == "wrong"
}

test_required_audit_is_waited_for if {
	found := probes.result(_probe("P3", {})) with input as _asked(_restricted, [])
	found == "pending"
}

test_events_of_others_do_not_count if {
	probe := _probe("P3", {})
	asked := _asked(_restricted, [_event(probe, {"enforce_policy": "restricted:v1.31", "username": "mallory"})])
	found := probes.result(probe) with input as asked
	found == "pending"
}

test_no_username_no_events if {
	probe := _probe("P3", {})
	asked := json.patch(
		_asked(_restricted, [_event(probe, {"enforce_policy": "restricted:v1.31", "username": null})]),
		[{"op": "replace", "path": "/observed/gather/body/identity/username", "value": null}],
	)
	found := probes.result(probe) with input as asked
	found == "pending"
}

test_an_event_that_does_not_say_whether_it_is_exempt_shows_nothing if {
	probe := _probe("P3", {})
	event := object.remove(_event(probe, {"enforce_policy": "restricted:v1.31"}), ["exempt"])
	found := probes.result(probe) with input as _asked(_restricted, [event])
	found == "wrong"
}

test_probes_by_key_are_not_those_that_were_asked_for if {
	good := cases.at("pass/cp3/second_round")
	server := good.rounds[1].body.servers[0]
	probes.as_asked(server) with input as good
	by_key := {"probes": {index: probe | some index, probe in server.probes}}
	not probes.as_asked(by_key) with input as good
}

test_a_runbook_of_one_probe_is_asked_for_as_one if {
	good := cases.at("pass/cp3/second_round")
	server := good.rounds[1].body.servers[0]
	one := cases.ruled({"probes": array.slice(data.runbooks[_name].probes, 0, 1)})
	probes.as_asked({"probes": array.slice(server.probes, 0, 1)}) with input as good with data.runbooks as one
	not probes.as_asked({"probes": []}) with input as good with data.runbooks as cases.ruled({"probes": []})
}
