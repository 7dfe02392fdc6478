"""What may stand in a probe's way, before or behind Pod Security, in one namespace.

Each obstacle is active when its block begins, which a stranger's pod shows, and gone when it ends.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from kubernetes import client
from tests.cluster.faulty_server import certificate
from tests.scenarios.theatre import Theatre

from runbook_gate.processes import free_port

Response = Mapping[str, Any]
Review = Callable[[Mapping[str, Any]], Response]
Answered = tuple[int, Mapping[str, Any]]

PROBED = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods", "podtemplates"]}
OPT_OUT = "sidecar.istio.io/inject"
_CONTAINER = {
    "name": "c",
    "image": "example.com/none",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
_POD = {
    "metadata": {"name": "stranger"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_CONTAINER],
    },
}


def stranger(theatre: Theatre) -> Answered:
    """What a compliant pod of somebody else is answered with; a dry run."""
    core = theatre.seeder.core
    try:
        made = core.create_namespaced_pod(theatre.namespace, _POD, dry_run="All")
    except client.ApiException as error:
        return error.status, json.loads(error.body or "{}")
    return 201, theatre.seeder.api.sanitize_for_serialization(made)


def _until(theatre: Theatre, active: Callable[[Answered], bool]) -> None:
    deadline = time.monotonic() + 20
    while not active(stranger(theatre)):
        assert time.monotonic() < deadline, "it did not become active"
        time.sleep(0.05)


def _says(text: str) -> Callable[[Answered], bool]:
    return lambda answered: text in answered[1].get("message", "")


# --- objects of the namespace ---


@contextlib.contextmanager
def quota(theatre: Theatre) -> Iterator[None]:
    """A ResourceQuota that is used up; its status is patched, because no controller does it."""
    core, namespace, hard = theatre.seeder.core, theatre.namespace, {"pods": "0", "count/podtemplates": "0"}
    core.create_namespaced_resource_quota(namespace, {"metadata": {"name": "none"}, "spec": {"hard": hard}})
    status = {"status": {"hard": hard, "used": dict.fromkeys(hard, "0")}}
    core.patch_namespaced_resource_quota_status("none", namespace, status)
    _until(theatre, _says("exceeded quota"))
    yield
    core.delete_namespaced_resource_quota("none", namespace)


@contextlib.contextmanager
def limit_range(theatre: Theatre, **limits: Mapping[str, str]) -> Iterator[None]:
    """A LimitRange for containers; a pod that states no resources does not pass it."""
    core, namespace = theatre.seeder.core, theatre.namespace
    spec = {"limits": [{"type": "Container", **limits}]}
    core.create_namespaced_limit_range(namespace, {"metadata": {"name": "range"}, "spec": spec})
    _until(theatre, _says("per Container"))
    yield
    core.delete_namespaced_limit_range("range", namespace)


@contextlib.contextmanager
def no_right_to_probe(theatre: Theatre) -> Iterator[None]:
    """The executor may not create pods and podtemplates."""
    rbac: Any = client.RbacAuthorizationV1Api(theatre.seeder.api)
    rbac.delete_namespaced_role_binding(f"runbook-gate:{theatre.namespace}", theatre.namespace)
    time.sleep(0.5)
    yield


# --- admission policies ---


@contextlib.contextmanager
def policy(theatre: Theatre, name: str | None = None, **spec: Any) -> Iterator[None]:
    """A ValidatingAdmissionPolicy that refuses every pod and podtemplate of the namespace."""
    admission: Any = client.AdmissionregistrationV1Api(theatre.seeder.api)
    name = name or f"no-pods-{theatre.namespace}"
    chosen = {"matchLabels": {"kubernetes.io/metadata.name": theatre.namespace}}
    whole = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [PROBED], "namespaceSelector": chosen},
        "validations": [{"expression": "false", "message": "planted", "reason": "Forbidden"}],
        **spec,
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    admission.create_validating_admission_policy({"metadata": {"name": name}, "spec": whole})
    try:
        admission.create_validating_admission_policy_binding({"metadata": {"name": name}, "spec": binding})
        _until(theatre, _says(name))
        yield
    finally:
        admission.delete_validating_admission_policy_binding(name)
        admission.delete_validating_admission_policy(name)


# --- webhooks ---


@contextlib.contextmanager
def webhook(
    theatre: Theatre, kind: Literal["mutating", "validating"], url: str, ca: bytes, active: Callable[[Answered], bool]
) -> Iterator[None]:
    """A fail-closed webhook for the pods and podtemplates of the namespace."""
    admission: Any = client.AdmissionregistrationV1Api(theatre.seeder.api)
    name = f"{kind}-{theatre.namespace}"
    hook = {
        "name": "pods.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 2,
        "rules": [PROBED],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": theatre.namespace}},
        "clientConfig": {"url": url, "caBundle": base64.b64encode(ca).decode()},
    }
    create = getattr(admission, f"create_{kind}_webhook_configuration")
    create({"metadata": {"name": name}, "webhooks": [hook]})
    try:
        _until(theatre, active)
        yield
    finally:
        getattr(admission, f"delete_{kind}_webhook_configuration")(name)


@contextlib.contextmanager
def answering(
    theatre: Theatre, kind: Literal["mutating", "validating"], review: Review, active: Callable[[Answered], bool]
) -> Iterator[None]:
    """A webhook that answers."""
    folder = theatre.folder / f"{kind}-webhook"
    folder.mkdir()
    tls = certificate(folder)
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        listener.review = review
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        url = f"https://127.0.0.1:{listener.server_address[1]}/"
        with webhook(theatre, kind, url, (folder / "ca.crt").read_bytes(), active):
            yield
        listener.shutdown()


@contextlib.contextmanager
def dead_webhook(theatre: Theatre) -> Iterator[None]:
    """A mutating one that nobody serves."""
    folder = theatre.folder / "dead-webhook"
    folder.mkdir()
    certificate(folder)
    ca, url = (folder / "ca.crt").read_bytes(), f"https://127.0.0.1:{free_port()}/"
    with webhook(theatre, "mutating", url, ca, _says("failed calling webhook")):
        yield


def refusing_webhook(
    theatre: Theatre, kind: Literal["mutating", "validating"]
) -> contextlib.AbstractContextManager[None]:
    """One that refuses everything: before Pod Security as a mutating one, behind it as a validating one."""
    refusal = {"allowed": False, "status": {"code": 403, "message": "planted"}}
    return answering(theatre, kind, lambda request: refusal, _says("denied the request"))


def injector(theatre: Theatre, *, lets_opt_out: bool) -> contextlib.AbstractContextManager[None]:
    """Puts a sidecar into each pod that Pod Security would not admit, unless its label opts out."""

    def review(request: Mapping[str, Any]) -> Response:
        labels = request["object"]["metadata"].get("labels", {})
        if request["resource"]["resource"] != "pods" or (lets_opt_out and labels.get(OPT_OUT) == "false"):
            return {"allowed": True}
        sidecar = {"name": "proxy", "image": "example.com/proxy", "securityContext": {"privileged": True}}
        return patching({"op": "add", "path": "/spec/containers/-", "value": sidecar})

    def active(answered: Answered) -> bool:
        return len(answered[1].get("spec", {}).get("containers", [])) == 2

    return answering(theatre, "mutating", review, active)


def taking_away(theatre: Theatre, *fields: str) -> contextlib.AbstractContextManager[None]:
    """Takes fields out of the spec of every pod and podtemplate, and marks it with a host name."""

    def review(request: Mapping[str, Any]) -> Response:
        path = "/spec" if request["resource"]["resource"] == "pods" else "/template/spec"
        found = request["object"]["spec"] if path == "/spec" else request["object"]["template"]["spec"]
        removed = [{"op": "remove", "path": f"{path}/{field}"} for field in fields if _has(found, field)]
        return patching({"op": "add", "path": f"{path}/hostname", "value": "taken"}, *removed)

    return answering(
        theatre, "mutating", review, lambda answered: answered[1].get("spec", {}).get("hostname") == "taken"
    )


def patching(*operations: Mapping[str, Any]) -> Response:
    """Allowed, with a JSON patch."""
    return {
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": base64.b64encode(json.dumps(operations).encode()).decode(),
    }


def _has(found: Any, field: str) -> bool:
    for part in field.split("/"):
        found = found[int(part)] if isinstance(found, list) else found.get(part)
        if found is None:
            return False
    return True


class _Listener(ThreadingHTTPServer):
    review: Review

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection of the API server that ended."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Listener

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        response = {"uid": request["uid"], **self.server.review(request)}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        body = json.dumps(review).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Nothing."""
