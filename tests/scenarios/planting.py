"""Secret-looking strings in every place that records.md drops, as the systems around the executor would hold them."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubernetes import client
from tests.cluster.faulty_server import certificate
from tests.scenarios.admission import NAMESPACES
from tests.scenarios.obstacles import PROBED, _Handler, _Listener
from tests.scenarios.theatre import Theatre

from runbook_gate.demo.stage import REGISTERS
from runbook_gate.localcluster.seeding import Seeder

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Plants:
    """Makes the strings, each known by its place.

    Attributes:
        secrets: what must be nowhere, by place.
    """

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        """A new secret for a place, good as a name and as a label's value; the same for the same place."""
        return self.secrets.setdefault(place, f"leak-{place.replace(' ', '-')[:24]}-{uuid.uuid4().hex[:12]}")


def in_registers(theatre: Theatre, plant: Plants) -> None:
    """Foreign fields of envelope and records, foreign records, and waivers of other places."""
    elsewhere = {"cluster_id": "another-cluster", "namespace": plant("other namespace in a register")}
    for name in REGISTERS:

        def change(document: dict[str, Any], name: str = name) -> None:
            for record in document["records"]:
                record |= {"contact": plant(f"{name} person"), "password": plant(f"{name} field")}
            waiver = {"id": plant("waiver elsewhere"), "status": "open", "reason": plant("waiver text")}
            foreign = {**elsewhere, "owner_aliases": [plant("other owner")], **(waiver if "exc" in name else {})}
            document["records"].append({**foreign, "scope": elsewhere})
            document |= {"comment": plant(f"{name} envelope"), "total": len(document["records"])}

        theatre.register(name, change)


def in_namespace(theatre: Theatre, plant: Plants) -> None:
    """Other labels and annotations, and what kubectl keeps of the last manifest."""
    applied = json.dumps({"metadata": {"annotations": {"token": plant("last applied")}}})
    metadata = {
        "labels": {"team": plant("label value"), plant("label key"): "x"},
        "annotations": {"note": plant("annotation"), plant("annotation key"): "x", LAST_APPLIED: applied},
    }
    theatre.seeder.core.patch_namespace(theatre.namespace, {"metadata": metadata})


def in_pods(theatre: Theatre, plant: Plants) -> None:
    """A tenant's pod that violates the approved level, so that the API server names it in a Warning."""
    container = {"name": "c", "image": f"example.com/{plant('image')}", "securityContext": {"privileged": True}}
    spec = {"containers": [container], "imagePullSecrets": [{"name": plant("pull secret")}]}
    theatre.seeder.core.create_namespaced_pod(
        theatre.namespace, {"metadata": {"name": plant("tenant pod")}, "spec": spec}
    )


@contextlib.contextmanager
def in_webhook(theatre: Theatre, plant: Plants) -> Iterator[None]:
    """A webhook that warns about every change of the namespace and denies every pod, with texts of its own."""

    def review(request: Mapping[str, Any]) -> Mapping[str, Any]:
        told = {"warnings": [plant("webhook warning")], "auditAnnotations": {"told": plant("audit annotation")}}
        if request["resource"]["resource"] == "namespaces":
            return {"allowed": True, **told}
        return {"allowed": False, "status": {"code": 403, "message": plant("webhook denial")}, **told}

    folder = theatre.folder / "talking-webhook"
    folder.mkdir()
    tls, name = certificate(folder), f"talking-{theatre.namespace}"
    admission: Any = client.AdmissionregistrationV1Api(theatre.seeder.api)
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        listener.review = review
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        hook = _hook(theatre, f"https://127.0.0.1:{listener.server_address[1]}/", (folder / "ca.crt").read_bytes())
        admission.create_validating_webhook_configuration({"metadata": {"name": name}, "webhooks": [hook]})
        try:
            yield
        finally:
            admission.delete_validating_webhook_configuration(name)
            listener.shutdown()


def _hook(theatre: Theatre, url: str, ca: bytes) -> dict[str, Any]:
    return {
        "name": "talking.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "rules": [PROBED, NAMESPACES],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": theatre.namespace}},
        "clientConfig": {"url": url, "caBundle": base64.b64encode(ca).decode()},
    }


def in_identity(theatre: Theatre, plant: Plants, kubeconfig: Path) -> Path:
    """A ServiceAccount in place of the executor's user: its token, groups and user.extra are told to nobody."""
    core, name = theatre.seeder.core, f"executor-{uuid.uuid4().hex[:8]}"
    core.create_namespaced_service_account("kube-system", {"metadata": {"name": name}})
    _grant(theatre, {"kind": "ServiceAccount", "name": name, "namespace": "kube-system"})
    asked = {"spec": {"expirationSeconds": 3600}}
    token = core.create_namespaced_service_account_token(name, "kube-system", asked).status.token
    plant.secrets |= {
        "bearer token": token,
        "user.extra": json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["jti"],
        "group": "system:serviceaccounts",
        "another group": "system:authenticated",
        "source address": "127.0.0.1",
    }
    document = json.loads(kubeconfig.read_text(encoding="utf-8"))
    document["users"][0]["user"]["token"] = token
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")
    return kubeconfig


def _grant(theatre: Theatre, subject: Mapping[str, str]) -> None:
    rbac: Any = client.RbacAuthorizationV1Api(theatre.seeder.api)
    group, name = "rbac.authorization.k8s.io", f"runbook-gate:{theatre.namespace}"
    binding = {"metadata": {"name": f"planted-{theatre.namespace}"}, "subjects": [subject]}
    rbac.create_cluster_role_binding({**binding, "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name}})
    role = {"apiGroup": group, "kind": "Role", "name": name}
    rbac.create_namespaced_role_binding(theatre.namespace, {**binding, "roleRef": role})


def revert_as_somebody(theatre: Theatre, plant: Plants) -> None:
    """Another controller removes the labels again, and leaves texts of its own in the audit log."""
    with Seeder(theatre.cluster.server.kubeconfig("other-controller")) as other:
        other.api.user_agent = plant("foreign user agent")
        labels = dict.fromkeys(theatre.target.labels) | {"changed-by": plant("foreign label")}
        body = {"metadata": {"labels": labels, "annotations": {"why": plant("foreign annotation")}}}
        other.core.patch_namespace(theatre.namespace, body, _content_type="application/merge-patch+json")
