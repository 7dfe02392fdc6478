"""Writes the expected decisions of fixtures/decisions anew, and shows what changed (`make fixtures`).

For use after a reviewed change of the policies: inputs stay as they are. fixtures/cases.txt lists the cases, so that
one that is lost or was never reviewed fails the tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runbook_gate.binaries import find_tool
from runbook_gate.gate.build import build
from runbook_gate.policy import cases
from runbook_gate.policy.changes import changes
from runbook_gate.policy.decisions import decide
from runbook_gate.policy.words import words

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "fixtures" / "decisions"
LIST = PROJECT / "fixtures" / "cases.txt"


def main() -> int:
    """Write the expected decisions and the list of cases.

    Returns:
        0; the difference is for people to judge.
    """
    opa = find_tool("opa")
    known = cases.load(FOLDER)
    decisions = decide(build(PROJECT / "policies", opa=opa), {case.path: case.input for case in known}, opa=opa)
    told = [line for case in known for line in _renewed(case, decisions[case.path])]
    listed = LIST.read_text(encoding="utf-8").splitlines() if LIST.exists() else []
    paths = [case.path for case in known]
    told += [f"{path}: a new case" for path in paths if path not in listed]
    told += [f"{path}: the case is gone" for path in listed if path not in paths]
    LIST.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    sys.stdout.write("".join(f"{line}\n" for line in told) or "every expected decision is as it was\n")
    return 0


def _renewed(case: cases.Case, decision: dict[str, Any]) -> Iterator[str]:
    """Write a case whose decision is another now, and say what changed."""
    if decision == case.expected:
        return
    written = {Path(case.path).name: {**cases.document(FOLDER, case.path), "expected": decision}}
    text = json.dumps(written, indent=2, sort_keys=True, ensure_ascii=False)
    (FOLDER / f"{case.path}.json").write_text(f"{text}\n", encoding="utf-8")
    yield case.path
    for change in changes(_by_code(case.expected), _by_code(decision)):
        yield f"  {words(change)}"


def _by_code(expected: dict[str, Any]) -> dict[str, Any]:
    """Denials by their codes, so that another denial is told as one."""
    denials = [{"name": denial["code"], **denial} for denial in expected.get("denials", [])]
    return {**expected, "denials": denials}


if __name__ == "__main__":
    sys.exit(main())
