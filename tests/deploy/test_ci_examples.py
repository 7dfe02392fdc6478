"""The CI examples, which nothing here can run: valid by the published schemas, and made of commands that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from tests.deploy.stage import DEPLOY

from runbook_gate.cli.main import cli
from runbook_gate.exit_statuses import ExitStatus

EXAMPLES = {"github-actions.yaml": "vendor.github-workflows", "gitlab-ci.yaml": "vendor.gitlab-ci"}


def checked(path: Path, schema: str) -> int:
    """Exit status of a check by a schema that check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_valid(name: str, tmp_path: Path) -> None:
    assert checked(DEPLOY / "ci" / name, EXAMPLES[name]) == 0
    wrong = re.sub(r"^( *)(timeout|timeout-minutes): .*$", r"\1\2: [1]", document(name), flags=re.MULTILINE)
    (tmp_path / name).write_text(wrong, encoding="utf-8")
    assert checked(tmp_path / name, EXAMPLES[name]) == 1


def document(name: str) -> str:
    """The text of an example."""
    return (DEPLOY / "ci" / name).read_text(encoding="utf-8")


def scripts(name: str) -> list[str]:
    """Every script in it."""
    jobs: dict[str, Any] = yaml.safe_load(document(name))
    if name == "gitlab-ci.yaml":
        return ["\n".join(job["script"]) for job in jobs.values() if "script" in job]
    return [step["run"] for job in jobs["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_script_parses(name: str) -> None:
    for script in scripts(name):
        assert subprocess.run(["bash", "-n"], input=script, text=True, timeout=10, check=False).returncode == 0


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_command_is_one_with_these_options(name: str) -> None:
    used = [line for script in scripts(name) for line in re.findall(r"runbook-gate ([a-z][^|\n]*)", script)]
    assert {line.split()[0] for line in used} == {"policy", "doctor", "submit"}
    for line in used:
        words = line.split()
        path = [word for word in words if re.fullmatch(r"[a-z]+", word) and word != "policies"]
        helped = CliRunner().invoke(cli, [*path, "--help"])
        assert helped.exit_code == 0, helped.output
        for option in (word for word in words if word.startswith("--")):
            assert option in helped.output


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_manifest_that_it_names_is_there(name: str) -> None:
    named = re.findall(r"-k (\S+)", document(name))
    assert named
    assert [one for one in named if not (DEPLOY.parent / one / "kustomization.yaml").is_file()] == []


def test_only_a_run_that_stopped_safely_is_tried_again() -> None:
    assert yaml.safe_load(document("gitlab-ci.yaml"))["restore"]["retry"]["exit_codes"] == [ExitStatus.STOPPED]


@pytest.mark.parametrize(("status", "tries"), [(0, 1), (1, 1), (10, 1), (11, 1), (12, 3), (13, 1)])
def test_the_loop_of_github_actions_retries_twelve_only(tmp_path: Path, status: int, tries: int) -> None:
    """The script itself, with a program that ends with this status and a sleep that does not."""
    [loop] = [script for script in scripts("github-actions.yaml") if "submit" in script]
    for name, body in {"runbook-gate": f'echo "$*" >> tries\nexit {status}', "sleep": "exit 0"}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TASK": "my task.yaml"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", loop]
    done = subprocess.run(command, cwd=tmp_path, env=environment, timeout=30, check=False)
    assert done.returncode == status
    assert (tmp_path / "tries").read_text().splitlines() == ["submit my task.yaml --run"] * tries
