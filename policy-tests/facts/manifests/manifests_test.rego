package facts.manifests_test

import future.keywords.not

import data.cases
import data.facts.manifests

_asked := {"opened": {"body": {"task": {
	"runbook": cases.current,
	"cluster_id": "c",
	"namespace": "n",
}}}}

_resources := {"cpu": "10m", "memory": "16Mi"}

test_probes_without_an_overlay if {
	specs := manifests.specs with input as _asked with data.parties as {}
	[[spec.name, spec.resource, spec.manifest.kind] | some spec in specs] == [
		["P1", "pods", "Pod"],
		["P2", "podtemplates", "PodTemplate"],
		["P2c", "podtemplates", "PodTemplate"],
		["P3", "pods", "Pod"],
	]
	specs[3].manifest == {
		"apiVersion": "v1",
		"kind": "Pod",
		"metadata": {"labels": {"app.kubernetes.io/managed-by": "runbook-gate"}, "annotations": {}},
		"spec": {
			"automountServiceAccountToken": false,
			"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
			"containers": [{
				"name": "probe",
				"image": "registry.k8s.io/pause:3.10",
				"resources": {"requests": {}, "limits": {}},
				"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
			}],
		},
	}
}

test_templates_hold_the_pods if {
	specs := manifests.specs with input as _asked
	specs[1].manifest.template.spec == specs[0].manifest.spec
	specs[1].manifest.template.metadata == specs[0].manifest.metadata
	specs[2].manifest.template.spec == specs[3].manifest.spec
	specs[1].manifest.metadata == specs[0].manifest.metadata
}

test_violations_are_in_the_violating_pod if {
	pod := data.runbooks[cases.current].pods.violating
	violations := data.runbooks[cases.current].violations
	missing := {violation |
		some violation in violations
		not _there(pod, violation)
	}
	missing == set()
	count(violations) > 1
}

test_the_narrower_overlay_wins if {
	specs := manifests.specs with input as _asked
		with data.parties as {"overlays": {
			"default": {"labels": {"a": "1", "b": "1"}, "resources": _resources, "image_prefix": "mirror/"},
			"clusters": {"c": {
				"default": {"labels": {"b": "2", "c": "2"}, "annotations": {"x": "2"}},
				"namespaces": {"n": {"labels": {"c": "3"}, "service_account": "probe", "spec": {"hostNetwork": true}}},
			}},
		}}
	manifest := specs[3].manifest
	manifest.metadata == {
		"labels": {"a": "1", "b": "2", "c": "3", "app.kubernetes.io/managed-by": "runbook-gate"},
		"annotations": {"x": "2"},
	}
	manifest.spec.serviceAccountName == "probe"
	not manifest.spec.hostNetwork
	[container.image | some container in manifest.spec.containers] == ["mirror/registry.k8s.io/pause:3.10"]
	[container.resources | some container in manifest.spec.containers] == [{"requests": _resources, "limits": _resources}]
}

test_overlays_of_others_do_not_count if {
	specs := manifests.specs with input as _asked
		with data.parties as {"overlays": {"clusters": {
			"other": {"default": {"service_account": "probe"}, "namespaces": {"n": {"service_account": "probe"}}},
			"c": {"namespaces": {"other": {"service_account": "probe"}}},
		}}}
	not specs[0].manifest.spec.serviceAccountName
}

test_digests if {
	specs := manifests.specs with input as _asked
	digests := manifests.digests with input as _asked
	[digest.template_sha256 | some digest in digests] == [crypto.sha256(json.marshal(spec.manifest)) | some spec in specs]
	count({digest.template_sha256 | some digest in digests}) == 4
}

_there(pod, violation) if {
	some path, value in _leaves(pod)
	path == violation
	value != null
}

_leaves(pod) := {path: value |
	walk(pod, [parts, value])
	path := concat("/", [$"{part}" | some part in parts])
}
