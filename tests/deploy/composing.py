"""Composes deploy/ as kustomize does, for exactly the features that it uses; whatever else stands there is an error.

`test_composing.py` compares it with kustomize where one is at hand.
"""

from __future__ import annotations

import base64
import copy
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "resources", "patches", "images", "configMapGenerator", "generatorOptions"}
_NO_SUFFIX = {"disableNameSuffixHash": True}


class UnsupportedError(Exception):
    """Something that this composer does not do."""


def compose(folder: Path) -> list[Document]:
    """Every document of a kustomization, in the order of its resources."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    if unknown := kustomization.keys() - _KNOWN:
        raise UnsupportedError(f"{folder}: {sorted(unknown)}")
    documents: list[Document] = []
    for resource in kustomization.get("resources", []):
        documents += _resource(folder / resource)
    documents += _generated(folder, kustomization)
    for patch in kustomization.get("patches", []):
        _patch(documents, _documents(folder / _only(patch, "path")))
    for image in kustomization.get("images", []):
        _pin(documents, image["name"], f"{_only(image, 'newName', 'name', 'digest')}@{image['digest']}")
    names = [identity(document) for document in documents]
    if len(names) != len(set(names)):
        raise UnsupportedError(f"{folder}: one object twice")
    return documents


def identity(document: Document) -> tuple[str, str, str]:
    """Kind, namespace and name."""
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]


def _resource(path: Path) -> list[Document]:
    return compose(path) if path.is_dir() else _documents(path)


def _documents(path: Path) -> list[Document]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def _only(entry: Document, wanted: str, *others: str) -> Any:
    if entry.keys() - {wanted, *others}:
        raise UnsupportedError(f"{sorted(entry)}")
    return entry[wanted]


def _generated(folder: Path, kustomization: Document) -> list[Document]:
    generators = kustomization.get("configMapGenerator", [])
    if generators and kustomization.get("generatorOptions") != _NO_SUFFIX:
        raise UnsupportedError(f"{folder}: names with a hash")
    made = []
    for generator in generators:
        document: Document = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": generator["name"], "namespace": generator["namespace"]},
        }
        for name in _only(generator, "files", "name", "namespace"):
            _add(document, folder / name)
        made.append(document)
    return made


def _add(document: Document, path: Path) -> None:
    raw = path.read_bytes()
    try:
        kind, value = "data", raw.decode("utf-8")
    except UnicodeDecodeError:
        kind, value = "binaryData", base64.b64encode(raw).decode()
    document.setdefault(kind, {})[path.name] = value


def _patch(documents: list[Document], patches: list[Document]) -> None:
    for patch in patches:
        [place] = [place for place, document in enumerate(documents) if identity(document) == identity(patch)]
        documents[place] = _merged(documents[place], patch)


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
    if isinstance(below, list) and any(isinstance(entry, dict) and "name" in entry for entry in below):
        raise UnsupportedError("a list whose entries are merged by name")
    return copy.deepcopy(above)


def _pin(documents: list[Document], name: str, pinned: str) -> None:
    for pod in (spec for document in documents if (spec := pod_spec(document))):
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            if container["image"] == name:
                container["image"] = pinned


def pod_spec(document: Document) -> Document | None:
    """The pod that a Job, a CronJob or a Deployment makes."""
    match document["kind"]:
        case "Job" | "Deployment":
            spec: Document = document["spec"]["template"]["spec"]
            return spec
        case "CronJob":
            return pod_spec({"kind": "Job", "spec": document["spec"]["jobTemplate"]["spec"]})
    return None
