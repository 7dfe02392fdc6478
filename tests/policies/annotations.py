"""What the policies say of themselves: the annotations of every rule."""

from __future__ import annotations

import functools
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.policies.decision_cases import ROOT

from runbook_gate.binaries import find_tool


@dataclass(frozen=True)
class Annotated:
    """An annotated rule.

    Attributes:
        rule: its path, as `data.checks.lineage.deny`.
        file: its file.
        annotations: title, description, custom.
    """

    rule: str
    file: Path
    annotations: dict[str, Any]


@functools.cache
def annotated() -> list[Annotated]:
    """Every annotated rule of policies/."""
    command = [str(find_tool("opa")), "inspect", "--annotations", "--format", "json", "policies"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)
    return [
        Annotated(
            ".".join(str(part["value"]) for part in one["path"]), Path(one["location"]["file"]), one["annotations"]
        )
        for one in json.loads(done.stdout)["annotations"]
    ]


def denials() -> list[Annotated]:
    """Every rule that denies."""
    return [one for one in annotated() if one.rule.endswith(".deny")]
