# METADATA
# title: Manifests
# description: |
#   The probes as objects: the runbook's pods, with the reviewed overlay of the target, so that they reach
#   Pod Security Admission.
package facts.manifests

import data.facts.given

# METADATA
# title: The probes of one round
specs := [{"name": probe.name, "resource": probe.resource, "manifest": _manifest(probe)} |
	some probe in given.runbook.probes
]

# METADATA
# title: Name, resource and digest of each probe of one round
digests := [{"name": spec.name, "resource": spec.resource, "template_sha256": digest} |
	some spec in specs
	digest := crypto.sha256(json.marshal(spec.manifest))
]

_manifest(probe) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": _metadata,
	"spec": _spec(given.runbook.pods[probe.pod]),
} if {
	probe.resource == "pods"
}

_manifest(probe) := {
	"apiVersion": "v1",
	"kind": "PodTemplate",
	"metadata": _metadata,
	"template": {"metadata": _metadata, "spec": _spec(given.runbook.pods[probe.pod])},
} if {
	probe.resource == "podtemplates"
}

_metadata := {
	"labels": object.union(_overlay.labels, given.runbook.pod_labels),
	"annotations": _overlay.annotations,
}

_spec(pod) := object.union_n([pod, {"containers": [_container(one) | some one in pod.containers]}, _account])

_container(one) := object.union(one, {
	"image": concat("", [_overlay.image_prefix, given.runbook.image]),
	"resources": {"requests": _overlay.resources, "limits": _overlay.resources},
})

default _account := {}

_account := {"serviceAccountName": _overlay.service_account} if is_string(_overlay.service_account)

# The narrower overlay wins. Only these keys are ever read.
_overlay[key] := object.get(_overlays, key, fallback) if {
	some key, fallback in {"labels": {}, "annotations": {}, "resources": {}, "image_prefix": "", "service_account": null}
}

_overlays := object.union_n([
	object.get(data.parties, ["overlays", "default"], {}),
	object.get(data.parties, ["overlays", "clusters", given.task.cluster_id, "default"], {}),
	object.get(data.parties, ["overlays", "clusters", given.task.cluster_id, "namespaces", given.task.namespace], {}),
])
