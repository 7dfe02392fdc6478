"""Admission plugins that a test puts before one namespace, and takes away again."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kubernetes import client
from tests.cluster.faulty_server import certificate

from runbook_gate.localcluster.seeding import Seeder

NAMESPACES = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["namespaces"]}


def _until(active: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not active():
        assert time.monotonic() < deadline, f"{what} did not become active"
        time.sleep(0.05)


@contextlib.contextmanager
def refusing_writes(seeder: Seeder, namespace: str, reason: str | None) -> Iterator[None]:
    """A ValidatingAdmissionPolicy that refuses every change of one namespace but a dry run.

    Args:
        seeder: every right.
        namespace: the one that is guarded.
        reason: of the refusal: Forbidden is a 403, None the default, 422.
    """
    admission: Any = client.AdmissionregistrationV1Api(seeder.api)
    name = f"no-writes-{namespace}"
    validation = {"expression": "has(request.dryRun) && request.dryRun", "message": "planted"}
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [NAMESPACES]},
        "matchConditions": [{"name": "one", "expression": f"request.name == '{namespace}'"}],
        "validations": [{**validation, "reason": reason} if reason else validation],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    admission.create_validating_admission_policy({"metadata": {"name": name}, "spec": spec})
    try:
        admission.create_validating_admission_policy_binding({"metadata": {"name": name}, "spec": binding})
        _until(lambda: _refused(seeder, namespace), "the policy")
        yield
    finally:
        admission.delete_validating_admission_policy_binding(name)
        admission.delete_validating_admission_policy(name)


def _refused(seeder: Seeder, namespace: str) -> bool:
    try:
        seeder.label(namespace, {})
    except client.ApiException as error:
        return error.status in {403, 422}
    return False


Change = Callable[[Mapping[str, Any]], Mapping[str, str | None]]


@contextlib.contextmanager
def changing_labels(folder: Path, seeder: Seeder, namespace: str, change: Change) -> Iterator[None]:
    """A mutating webhook that changes labels of one namespace in what the user `runbook-gate` writes.

    Args:
        folder: for its certificate.
        seeder: every right.
        namespace: the one that it looks at.
        change: from the admission request to the labels to set, or to remove where the value is None.
    """
    folder.mkdir()
    tls = certificate(folder)
    listener = _Listener(("127.0.0.1", 0), _Handler)
    listener.change = change
    listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    admission: Any = client.AdmissionregistrationV1Api(seeder.api)
    name = f"change-labels-{namespace}"
    webhook = {
        "name": "labels.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 5,
        "rules": [NAMESPACES],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "clientConfig": {
            "url": f"https://127.0.0.1:{listener.server_address[1]}/",
            "caBundle": base64.b64encode((folder / "ca.crt").read_bytes()).decode(),
        },
    }
    try:
        admission.create_mutating_webhook_configuration({"metadata": {"name": name}, "webhooks": [webhook]})
        _until(lambda: _asked(seeder, namespace, listener), "the webhook")
        yield
    finally:
        admission.delete_mutating_webhook_configuration(name)
        listener.shutdown()
        listener.server_close()


def _asked(seeder: Seeder, namespace: str, listener: _Listener) -> bool:
    seeder.label(namespace, {})
    return listener.asked > 0


class _Listener(ThreadingHTTPServer):
    change: Change
    asked = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection of the API server that ended."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Listener

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        self.server.asked += 1
        response: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        if request["userInfo"]["username"] == "runbook-gate":
            patch = [_operation(key, value) for key, value in self.server.change(request).items()]
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        body = json.dumps(review).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Nothing."""


def _operation(key: str, value: str | None) -> dict[str, str]:
    path = f"/metadata/labels/{key.replace('~', '~0').replace('/', '~1')}"
    return {"op": "remove", "path": path} if value is None else {"op": "add", "path": path, "value": value}
