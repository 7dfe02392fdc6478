"""The ready jobs of deploy/ci are well formed, and call commands and options that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from runbook_gate.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
JOBS = sorted((ROOT / "deploy" / "ci").glob("*.yml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def scripts(value: Any) -> Iterator[str]:
    """Every line that a job runs."""
    if isinstance(value, dict):
        for key, inner in value.items():
            lines = inner if isinstance(inner, list) else [inner]
            if key in {"run", "script", "before_script", "after_script"}:
                yield from (line for text in lines for line in text.splitlines())
            else:
                yield from scripts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scripts(inner)


def calls(path: Path) -> list[list[str]]:
    """The words of every call of runbook-gate in it."""
    lines = [line for line in scripts(load(path)) if "runbook-gate" in line]
    return [shlex.split(line)[1:] for line in lines if shlex.split(line)[0].endswith("bin/runbook-gate")]


def test_both_are_there() -> None:
    assert [path.name for path in JOBS] == ["github-policy-impact.yml", "gitlab-policy-impact.yml"]


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_they_call_what_there_is(path: Path) -> None:
    [words] = calls(path)
    group: click.Command | None = cli
    while words and isinstance(group, click.Group):
        group = group.get_command(click.Context(group), words.pop(0))
    assert isinstance(group, click.Command)
    assert group.name == "impact"
    parser = group.make_parser(click.Context(group))
    given, rest, _ = parser.parse_args(words)
    assert rest == []
    assert {"base", "head", "markdown"} <= set(given)


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_what_they_run_in_the_checkout_is_there(path: Path) -> None:
    text = "\n".join(scripts(load(path)))
    for target in re.findall(r"\bmake (\S+)", text):
        assert re.search(
            rf"^{re.escape(target.replace('.venv', '$(VENV)'))}\s*:", (ROOT / "Makefile").read_text(), re.M
        )
    for tool in re.findall(r"\btools/\S+\.py", text):
        assert (ROOT / tool).is_file()
    assert "impact.md" in text


def test_the_github_job_has_no_right_that_it_does_not_need() -> None:
    job = load(JOBS[0])
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    triggers = job[True]  # YAML 1.1 reads the key `on` so
    assert list(triggers) == ["pull_request"]
    checkouts = [step for step in job["jobs"]["impact"]["steps"] if "checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]
    # What the author of a pull request writes is never set into a script.
    assert not any("${{" in line for line in scripts(job))


def test_the_gitlab_job_runs_for_merge_requests_with_the_whole_history() -> None:
    job = load(JOBS[1])["policy impact"]
    assert job["rules"][0]["if"] == '$CI_PIPELINE_SOURCE == "merge_request_event"'
    assert job["variables"]["GIT_DEPTH"] == "0"
    assert all((ROOT / name).is_file() for name in job["cache"]["key"]["files"])
