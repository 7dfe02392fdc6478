"""Each check says in its METADATA which facts it reads: no fewer than it needs, and none that it never looks at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.policies.decision_cases import Case, load

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import run_opa
from runbook_gate.policy.catalog import catalog

# What tells any check which rules it applies.
EVERY_CHECK = ("step", "checkpoint", "opened.body.task.runbook")
ASKED = """package asked

# A question's check is data here, because it is replaced in turn, as its input is.
said := [object.get({"pass": true | data.checks[data.check].pass}, "pass", false), data.checks[data.check].deny]

different contains name if {
\tsome name, question in data.questions
\twhole := said with input as question.whole with data.check as question.check
\tpart := said with input as question.part with data.check as question.check
\twhole != part
}
"""


@pytest.fixture(scope="module")
def reads(bundle: Bundle, opa_binary: Path) -> dict[str, tuple[str, ...]]:
    """Patterns of the facts that each check says it reads."""
    return {name: check.reads for name, check in catalog(bundle, opa=opa_binary).checks.items()}


def only(value: Any, patterns: list[list[str]]) -> Any:
    """What patterns name, in its place; positions in lists stay."""
    if any(not pattern for pattern in patterns):
        return value
    if isinstance(value, dict):
        kept = {key: [pattern[1:] for pattern in patterns if pattern[0] in ("*", key)] for key in value}
        return {key: only(value[key], rest) for key, rest in kept.items() if rest}
    if isinstance(value, list):
        rest = [pattern[1:] for pattern in patterns if pattern[0] == "*"]
        return [only(item, rest) if rest else None for item in value]
    return value


def without(value: Any, pattern: list[str]) -> Any:
    """The same without what a pattern names; positions in lists stay."""
    first, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if rest or first not in ("*", key)}
        return {key: without(item, rest) if first in ("*", key) else item for key, item in kept.items()}
    if isinstance(value, list) and first == "*":
        return [without(item, rest) if rest else None for item in value]
    return value


def checks_of(bundle: Bundle, case: Case) -> list[str]:
    """The checks of a good case's checkpoint; of a failing case, the one that it is about."""
    kind, group, _ = case.path.split("/")
    if kind == "fail":
        return [group] if group != "gate" else []
    runbook = bundle.data["runbooks"][case.input["opened"]["body"]["task"]["runbook"]]
    return list(runbook["checkpoints"][case.input["step"]][case.input["checkpoint"]]["checks"])


def different(questions: Mapping[str, Any], bundle: Bundle, opa: Path, folder: Path) -> set[str]:
    """The questions whose check says something else of the part than of the whole."""
    (folder / "bundle.tar.gz").write_bytes(bundle.raw)
    (folder / "asked.rego").write_text(ASKED, encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps({"questions": questions}), encoding="utf-8")
    arguments = ["eval", "--bundle", "bundle.tar.gz", "--data", "asked.rego", "--data", "questions.json"]
    arguments += ["--format", "values", "data.asked.different"]
    [found] = json.loads(run_opa(arguments, opa=opa, cwd=folder, source="cases"))
    return set(found)


def test_every_check_says_what_it_reads(reads: Mapping[str, tuple[str, ...]], bundle: Bundle) -> None:
    asked = {check for case in load() for check in checks_of(bundle, case)}
    assert {check for check, patterns in reads.items() if patterns} == asked == set(reads)


def test_a_check_needs_nothing_else(
    reads: Mapping[str, tuple[str, ...]], bundle: Bundle, opa_binary: Path, tmp_path: Path
) -> None:
    questions = {
        f"{case.path} {check}": {
            "check": check,
            "whole": case.input,
            "part": only(case.input, [pattern.split(".") for pattern in (*EVERY_CHECK, *reads[check])]),
        }
        for case in load()
        for check in checks_of(bundle, case)
    }
    assert len(questions) > 500
    assert different(questions, bundle, opa_binary, tmp_path) == set()


def test_a_check_looks_at_all_of_it(
    reads: Mapping[str, tuple[str, ...]], bundle: Bundle, opa_binary: Path, tmp_path: Path
) -> None:
    failing = [case for case in load() if case.path.startswith("fail/")]
    left = {f"{check} {pattern}" for check, patterns in reads.items() for pattern in patterns}
    for some in (failing[::4], failing):  # most facts are missed in few cases already
        questions = {
            f"{case.path} {check} {pattern}": {
                "check": check,
                "whole": case.input,
                "part": without(case.input, pattern.split(".")),
            }
            for case in some
            for check in checks_of(bundle, case)
            for pattern in reads[check]
            if f"{check} {pattern}" in left
        }
        left -= {name.partition(" ")[2] for name in different(questions, bundle, opa_binary, tmp_path)}
    assert left == set()
