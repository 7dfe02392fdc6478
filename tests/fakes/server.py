"""An API server in memory: namespaces with uid, resourceVersion and managedFields, dry runs, and audit events.

It answers `Call`s with raw bytes, so that everything from the projection upwards is the real code. The contract
tests run against it and against a real API server.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes import pod_security

from runbook_gate.clock import Clock
from runbook_gate.cluster.calls import Call


@dataclass
class Answer:
    """What the server answers."""

    status: int
    body: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)


def failure(status: int, reason: str, message: str, kind: str, causes: list[dict[str, str]] | None = None) -> Answer:
    """A Status."""
    details = {"kind": kind, "causes": causes or []}
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
    return Answer(status, {**body, "reason": reason, "message": message, "details": details})


class FakeServer:
    """The state behind one or several fake API servers.

    Attributes:
        namespaces: raw objects by name.
        audit: raw events, oldest first.
        created: raw events of the creations, apart because they are older than any run.
        user: as whom the executor is seen.
        clock: the server's, which is not always the executor's.
    """

    def __init__(self, clock: Clock, user: str = "runbook-gate") -> None:
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.audit: list[dict[str, Any]] = []
        self.created: list[dict[str, Any]] = []
        self.user = user
        self.clock = clock
        self._version = 100
        self.create_namespace("kube-system")

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> str:
        """Create a namespace and return its uid."""
        self._version += 1
        uid = str(uuid.uuid4())
        self.namespaces[name] = {
            "kind": "Namespace",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "uid": uid,
                "resourceVersion": str(self._version),
                "labels": {"kubernetes.io/metadata.name": name, **(labels or {})},
                "managedFields": [],
            },
            "status": {"phase": "Active"},
        }
        self._record_creation(name)
        return uid

    def _record_creation(self, name: str) -> None:
        call = Call("POST", "/api/v1/namespaces", path_params={"name": name}, body={"metadata": {"name": name}})
        created = Answer(201, copy.deepcopy(self.namespaces[name]))
        self.created.append(self._event(call, created, str(uuid.uuid4()), self._stamp(), "admin"))

    def terminate(self, name: str) -> None:
        """Delete a namespace that keeps its finalizers."""
        self._version += 1
        found = self.namespaces[name]
        found["status"]["phase"] = "Terminating"
        found["metadata"].update(deletionTimestamp=self._stamp(), resourceVersion=str(self._version))
        call = Call("DELETE", "/api/v1/namespaces/{name}", {"name": name})
        deleted = Answer(200, copy.deepcopy(found))
        self.audit.append(self._event(call, deleted, str(uuid.uuid4()), self._stamp(), "platform-team"))

    def recreate(self, name: str) -> str:
        """Delete a namespace for good and create another one under its name; return that one's uid."""
        self.terminate(name)
        created = self.create_namespace(name)
        self.audit.append(self.created.pop())
        return created

    def handle(self, call: Call, user: str | None = None) -> tuple[Answer, str]:
        """Answer a request and write its audit event."""
        audit_id = call.audit_id or str(uuid.uuid4())
        received = self._stamp()
        answer = self._route(call)
        self.audit.append(self._event(call, answer, audit_id, received, user or self.user))
        return answer, audit_id

    def _route(self, call: Call) -> Answer:
        if "selfsubjectreviews" in call.path:
            body = {"kind": "SelfSubjectReview", "status": {"userInfo": {"username": self.user, "groups": ["g"]}}}
            return Answer(201, body)
        name = call.path_params.get("name") or call.path_params["namespace"]
        if name not in self.namespaces:
            return failure(404, "NotFound", f'namespaces "{name}" not found', "namespaces")
        found = self.namespaces[name]
        if call.method == "POST":
            return self._create(call, found)
        return self._patch(call, found) if call.method == "PATCH" else Answer(200, copy.deepcopy(found))

    def _patch(self, call: Call, found: dict[str, Any]) -> Answer:
        wanted = (call.body or {})["metadata"]
        name, metadata = found["metadata"]["name"], found["metadata"]
        if wanted.get("resourceVersion") not in (None, metadata["resourceVersion"]):
            text = f'Operation cannot be fulfilled on namespaces "{name}": the object has been modified; please apply'
            return failure(409, "Conflict", text, "namespaces")
        if wanted.get("uid") not in (None, metadata["uid"]):
            text = f'Namespace "{name}" is invalid: metadata.uid: Invalid value: "x": field is immutable'
            cause = {"reason": "FieldValueInvalid", "field": "metadata.uid"}
            return failure(422, "Invalid", text, "Namespace", [cause])
        changed = _merged(found, wanted.get("labels", {}), dict(call.query).get("fieldManager", "x"), self._stamp())
        wrong = pod_security.label_errors(changed["metadata"]["labels"])
        if wrong:
            text = f'Namespace "{name}" is invalid: metadata.labels[{wrong[0]}]: Invalid value: "x"'
            cause = {"reason": "FieldValueInvalid", "field": f"metadata.labels[{wrong[0]}]"}
            return failure(422, "Invalid", text, "Namespace", [cause])
        if ("dryRun", "All") not in call.query and changed != found:
            self._version += 1
            changed["metadata"]["resourceVersion"] = str(self._version)
            self.namespaces[name] = changed
        return Answer(200, copy.deepcopy(changed))

    def _create(self, call: Call, found: dict[str, Any]) -> Answer:
        resource, manifest = call.path_params["resource"], dict(call.body or {})
        name, namespace = manifest["metadata"]["name"], found["metadata"]["name"]
        if found["status"]["phase"] == "Terminating":
            text = f'{resource} "{name}" is forbidden: unable to create new content in namespace {namespace} because'
            text += " it is being terminated"
            return failure(403, "Forbidden", text, resource, [{"reason": "NamespaceTerminating"}])
        spec = manifest["template"]["spec"] if resource == "podtemplates" else manifest["spec"]
        said = pod_security.evaluate(found["metadata"]["labels"], resource, name, spec)
        if said.denial:
            return Answer(403, failure(403, "Forbidden", said.denial, resource).body, [], said.annotations)
        created = copy.deepcopy(manifest)
        created["metadata"]["uid"] = str(uuid.uuid4())
        return Answer(201, created, said.warnings, said.annotations)

    def _stamp(self) -> str:
        moment = datetime.fromtimestamp(self.clock.read().at_ms / 1000, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _event(self, call: Call, answer: Answer, audit_id: str, received: str, user: str) -> dict[str, Any]:
        verbs = {"GET": "get", "PATCH": "patch", "POST": "create", "DELETE": "delete"}
        name = call.path_params.get("name") or ((call.body or {}).get("metadata") or {}).get("name")
        reviews = call.path.endswith("reviews")
        namespaced = call.path_params.get("name") or call.path_params.get("namespace")
        return {
            "auditID": audit_id,
            "stage": "ResponseComplete",
            "verb": verbs[call.method],
            "user": {"username": user},
            "objectRef": {
                "resource": call.path_params.get("resource", call.path.split("/")[-1] if reviews else "namespaces"),
                "namespace": namespaced,
                "name": name,
            },
            "requestURI": "/?" + "&".join("=".join(pair) for pair in call.query),
            "responseStatus": {"code": answer.status},
            "requestReceivedTimestamp": received,
            "stageTimestamp": self._stamp(),
            "annotations": answer.annotations,
            "requestObject": json.loads(json.dumps(call.body)),
            "responseObject": copy.deepcopy(answer.body),
        }


def _merged(found: dict[str, Any], labels: Mapping[str, str | None], manager: str, stamp: str) -> dict[str, Any]:
    changed = copy.deepcopy(found)
    stored = changed["metadata"]["labels"]
    touched = [key for key, value in labels.items() if stored.get(key) != value]
    if not touched:
        return changed
    for key, value in labels.items():
        stored.pop(key, None) if value is None else stored.update({key: value})
    fields = [f"f:{key}" for key in touched]
    entries = changed["metadata"]["managedFields"]
    for entry in entries:
        entry["fieldsV1"]["f:metadata"]["f:labels"] = {
            key: {} for key in entry["fieldsV1"]["f:metadata"]["f:labels"] if key not in fields
        }
    own: dict[str, Any] = {key: {} for key in fields if labels[key.removeprefix("f:")] is not None}
    owned = {"f:metadata": {"f:labels": own}}
    entries.append({"manager": manager, "operation": "Update", "time": stamp[:19] + "Z", "fieldsV1": owned})
    kept = [entry for entry in entries if entry["fieldsV1"]["f:metadata"]["f:labels"]]
    changed["metadata"]["managedFields"] = kept
    return changed
