"""The Containerfile, which nothing here can build: bases by digest, no root, no shell, the pinned versions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.deploy.stage import DEPLOY
from tools.pins import TOOLS

ROOT = DEPLOY.parent
TEXT = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
LAST = [index for index, (word, _) in enumerate(LINES) if word == "FROM"][-1]


def test_every_base_is_pinned_by_a_digest_that_must_be_given() -> None:
    required = {rest for word, rest in LINES if word == "ARG"}
    assert not any("=" in one for one in required)
    bases = [rest.split()[0] for word, rest in LINES if word == "FROM"]
    given = [re.fullmatch(r"[a-z0-9./-]+:[a-z0-9.-]+@sha256:\$\{(\w+)\}", base) for base in bases]
    assert [one for one in given if one is None] == []
    assert {one[1] for one in given if one} == required


def test_the_image_has_no_root_and_needs_no_shell() -> None:
    final = LINES[LAST:]
    assert [rest for word, rest in final if word == "USER"] == ["65532:65532"]
    assert "RUN" not in [word for word, _ in final]
    [entry] = [rest for word, rest in final if word == "ENTRYPOINT"]
    assert yaml.safe_load(entry) == ["/usr/bin/python3", "-m", "runbook_gate"]


def test_the_versions_are_the_pinned_ones() -> None:
    [opa] = [tool for tool in TOOLS if tool.name == "opa"]
    assert f"golang:{opa.go_version}-" in TEXT
    # Debian 12 has Python 3.11: the packages are installed by the Python that the runtime image has.
    assert re.findall(r"python\S*?:\S+?@", TEXT) == ["python:3.11-slim-bookworm@", "python3-debian12:nonroot@"]
    assert opa.linker_flags in TEXT
    assert opa.package in TEXT


@pytest.mark.parametrize("copied", re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE))
def test_everything_that_it_copies_is_there(copied: str) -> None:
    assert [name for name in copied.split() if not (ROOT / name).exists()] == []


def test_the_pods_run_as_the_images_user() -> None:
    jobs = ("overlays/task/job.yaml", "overlays/queue/cronjob.yaml", "overlays/worker/deployment.yaml")
    for text in ((DEPLOY / name).read_text(encoding="utf-8") for name in jobs):
        assert text.count("runAsUser: 65532") == text.count("runAsGroup: 65532") == 1


def test_it_starts_where_only_the_packages_are(tmp_path: Path) -> None:
    """`python -m runbook_gate`, as the entry point says, without the script that pip makes."""
    done = subprocess.run(
        [sys.executable, "-m", "runbook_gate", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("runbook-gate, version ")
