"""Asks the shipped policies about many inputs at once, without a server in between."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.policies.decision_cases import ROOT

from runbook_gate.binaries import find_tool

# The decision itself is the production one; around it is only what puts its input together.
_ASKED = """package asked

asked := [json.patch(data.bases[question.base], question.patch) | some question in data.asked_about]

decisions := [decision |
\tsome one in asked
\tdecision := data.gate.decision with input as one
]

verdicts := [[decision.verdict, in_doubt] |
\tsome one in asked
\tdecision := data.gate.decision with input as one
\tin_doubt := data.actions.escalate.params.write_in_doubt with input as one
]
"""


@dataclass(frozen=True)
class Question:
    """One input to be decided on: a known one with some changes.

    Attributes:
        base: name of the known input.
        patch: operations of RFC 6902.
    """

    base: str
    patch: tuple[dict[str, Any], ...] = ()


def decide(bases: dict[str, Any], questions: Sequence[Question], *, asked_for: str = "decisions") -> list[Any]:
    """The decision on each question, with strict built-in errors; or, as `asked`, the inputs themselves,
    or, as `verdicts`, each verdict and whether a write is in doubt.

    A conflict or an error of a built-in, which would be an HTTP 500, ends the whole batch; so does an undefined
    decision. Where a strict batch ends well there was no error that a lenient one could have kept quiet about.
    """
    asked = [{"base": question.base, "patch": question.patch} for question in questions]
    with tempfile.TemporaryDirectory(prefix="asked-") as folder:
        (Path(folder) / "data.json").write_text(json.dumps({"bases": bases, "asked_about": asked}), encoding="utf-8")
        (Path(folder) / "asked.rego").write_text(_ASKED, encoding="utf-8")
        command = [str(find_tool("opa")), "eval", "--strict-builtin-errors", "--format", "values"]
        command += ["--data", str(ROOT / "policies"), "--data", folder, f"data.asked.{asked_for}"]
        # Many answers and a short life: collecting its memory less often spares a sixth of the work.
        patient = {**os.environ, "GOGC": "400"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=patient)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    [decisions] = json.loads(done.stdout)
    assert len(decisions) == len(questions), "a decision is undefined"
    assert isinstance(decisions, list)
    return decisions
