"""The composer of these tests does what kustomize does, and refuses what it cannot do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.deploy.composing import UnsupportedError, compose, identity
from tests.deploy.stage import OVERLAYS


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl to compare with")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_composes_what_kustomize_composes(site: Path, overlay: str) -> None:
    built = subprocess.run(
        ["kubectl", "kustomize", str(site / "overlays" / overlay)], capture_output=True, text=True, check=True
    )
    theirs = {identity(document): document for document in yaml.safe_load_all(built.stdout)}
    ours = {identity(document): document for document in compose(site / "overlays" / overlay)}
    assert ours.keys() == theirs.keys()
    for name, document in ours.items():
        assert without_spaces(document) == without_spaces(theirs[name]), name


def without_spaces(document: object) -> object:
    """Kustomize wraps long base64 in lines."""
    match document:
        case dict():
            return {key: without_spaces(value) for key, value in document.items()}
        case list():
            return [without_spaces(value) for value in document]
        case str():
            return "".join(document.split())
    return document


@pytest.mark.parametrize(
    "text",
    [
        "namePrefix: x-",
        "resources: [one.yaml, one.yaml]",
        "resources: [one.yaml]\npatches: [{path: named.yaml}]",
        "configMapGenerator: [{name: a, namespace: b, files: [one.yaml]}]",
        "resources: [one.yaml]\npatches: [{path: one.yaml, target: {kind: Job}}]",
    ],
)
def test_what_it_cannot_do_is_refused(tmp_path: Path, text: str) -> None:
    job = {"kind": "Job", "metadata": {"name": "j"}, "spec": {"containers": [{"name": "a"}]}}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(job))
    (tmp_path / "named.yaml").write_text(yaml.safe_dump(job))
    (tmp_path / "kustomization.yaml").write_text(text)
    with pytest.raises(UnsupportedError):
        compose(tmp_path)
