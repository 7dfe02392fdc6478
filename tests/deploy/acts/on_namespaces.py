"""Acts on namespaces: other labels, other values, parts of the tuple, anything but labels, other namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.deploy.acts.act import MERGE, Act, Layer
from tests.deploy.applying import APPLY
from tests.deploy.stage import BASELINE, LOOSER, UNAPPROVED, WATCHED

from runbook_gate.demo.stage import APPROVED, PREFIX, REMOVED

_PATH: Final = f"/api/v1/namespaces/{WATCHED}"
_FORCE: Final = "?fieldManager=executor&force=true"


def _labels(labels: Mapping[str, str | None], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"labels": dict(labels), **metadata}}


def _patch(body: Any, *, path: str = _PATH, by: Layer = "labels", behind: Layer = "labels") -> Act:
    return Act("PATCH", path, body, by, behind, MERGE)


def _applied(name: str, labels: Mapping[str, str | None]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}


def _elsewhere(name: str) -> Act:
    return _patch(_labels(APPROVED), path=f"/api/v1/namespaces/{name}", by="rbac", behind="elsewhere")


_WHOLE: Final[dict[str, Any]] = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": WATCHED, "labels": {**APPROVED, "team": "payments", "kubernetes.io/metadata.name": WATCHED}},
}
_ONE, *_OTHERS = APPROVED
_GIVEN: Final = {key: value for key, value in BASELINE.items() if value is not None}

OF_LABELS: Final[Mapping[str, Act]] = {
    "a label of somebody else": _patch(_labels({"team": "mine"})),
    "a label of somebody else beside the tuple": _patch(_labels({**APPROVED, "team": "mine"})),
    "a new label beside the tuple": _patch(_labels({**APPROVED, "istio-injection": "disabled"})),
    "removing a label of somebody else beside the tuple": _patch(_labels({**APPROVED, "team": None})),
    "a seventh label of Pod Security": _patch(_labels({**APPROVED, f"{PREFIX}exempt": "true"})),
    "a looser level to enforce": _patch(_labels({**APPROVED, f"{PREFIX}enforce": "privileged"})),
    "a looser level to warn at": _patch(_labels({**APPROVED, f"{PREFIX}warn": "baseline"})),
    "another version": _patch(_labels({**APPROVED, f"{PREFIX}enforce-version": "latest"})),
    "the tuple of another namespace": _patch(_labels(BASELINE)),
    "one of the six": _patch(_labels({_ONE: APPROVED[_ONE]})),
    "five of the six": _patch(_labels({key: APPROVED[key] for key in _OTHERS})),
    "five of the six, and one removed": _patch(_labels({**APPROVED, _ONE: None})),
    "passing the target off as another approved namespace": _patch(
        _labels({**BASELINE, "kubernetes.io/metadata.name": LOOSER})
    ),
    "removing all six": _patch(_labels(REMOVED)),
    "a wrong value in a dry run": _patch(_labels(BASELINE), path=f"{_PATH}?dryRun=All"),
    "a wrong value by strategic merge": Act(
        "PATCH", _PATH, _labels(BASELINE), "labels", "labels", "application/strategic-merge-patch+json"
    ),
    "a wrong value by JSON patch": Act(
        "PATCH",
        _PATH,
        [
            {"op": "add", "path": f"/metadata/labels/{key.replace('/', '~1')}", "value": value}
            for key, value in _GIVEN.items()
        ],
        "labels",
        "labels",
        "application/json-patch+json",
    ),
    "a wrong value by server-side apply": Act(
        "PATCH", _PATH + _FORCE, _applied(WATCHED, _GIVEN), "labels", "labels", APPLY
    ),
    "another label by server-side apply": Act(
        "PATCH", _PATH + _FORCE, _applied(WATCHED, {**APPROVED, "team": "mine"}), "labels", "labels", APPLY
    ),
    "a wrong value by PUT": Act(
        "PUT", _PATH, {**_WHOLE, "metadata": {**_WHOLE["metadata"], "labels": _GIVEN}}, "rbac", "labels"
    ),
}

OF_METADATA: Final[Mapping[str, Act]] = {
    "an annotation": _patch({"metadata": {"annotations": {"a": "b"}}}),
    "an annotation beside the tuple": _patch(_labels(APPROVED, annotations={"scheduler.alpha/node-selector": "x"})),
    "changing an annotation beside the tuple": _patch(_labels(APPROVED, annotations={"note": "mine"})),
    "removing an annotation beside the tuple": _patch(_labels(APPROVED, annotations={"note": None})),
    "a finalizer beside the tuple": _patch(_labels(APPROVED, finalizers=["example.com/mine"])),
    "an owner beside the tuple": _patch(
        _labels(APPROVED, ownerReferences=[{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}])
    ),
    "a name prefix beside the tuple": _patch(_labels(APPROVED, generateName="x-")),
    "the tuple through status": _patch(_labels(APPROVED), path=f"{_PATH}/status", by="rbac"),
    "a wrong value through status": _patch(_labels(BASELINE), path=f"{_PATH}/status", by="rbac"),
    "a condition through status": _patch(
        {"status": {"conditions": [{"type": "Fine", "status": "True"}]}}, path=f"{_PATH}/status", by="rbac"
    ),
    "status by PUT": Act("PUT", f"{_PATH}/status", _WHOLE, "rbac", "labels"),
    "labels through finalize": Act(
        "PUT", f"{_PATH}/finalize", {**_WHOLE, "spec": {"finalizers": []}}, "rbac", "labels"
    ),
}

ELSEWHERE: Final[Mapping[str, Act]] = {
    "the tuple on a namespace that is not approved": _elsewhere(UNAPPROVED),
    "the tuple on kube-system": _elsewhere("kube-system"),
    "the tuple on the executor's own namespace": _elsewhere("runbook-gate"),
    "the tuple on the governance namespace": _elsewhere("runbook-gate-governance"),
    "the tuple on a namespace that is passed off as the target": _patch(
        _labels({**APPROVED, "kubernetes.io/metadata.name": WATCHED}),
        path=f"/api/v1/namespaces/{UNAPPROVED}",
        by="rbac",
        behind="elsewhere",
    ),
    "reading a namespace that is not approved": Act("GET", f"/api/v1/namespaces/{UNAPPROVED}", behind=None),
    "listing namespaces": Act("GET", "/api/v1/namespaces", behind=None),
    "watching namespaces": Act("GET", "/api/v1/namespaces?watch=true&timeoutSeconds=1", behind=None),
    "creating a namespace": Act("POST", "/api/v1/namespaces", _applied("payments-new", {})),
    "creating a namespace by server-side apply": Act(
        "PATCH", f"/api/v1/namespaces/payments-new{_FORCE}", _applied("payments-new", APPROVED), content_type=APPLY
    ),
    "deleting the target": Act("DELETE", _PATH),
    "deleting the target in a dry run": Act("DELETE", f"{_PATH}?dryRun=All"),
    "deleting another namespace": Act("DELETE", f"/api/v1/namespaces/{UNAPPROVED}"),
}
