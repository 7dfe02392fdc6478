"""Writes the expected decisions of fixtures/decisions anew, and shows what changed (`make fixtures`).

For use after a reviewed change of the policies: inputs stay as they are. fixtures/cases.txt lists the cases, so that
one that is lost or was never reviewed fails the tests. `--runbook OLD NEW` (`make fixtures ARGS=...`) first lets the
cases of one revision be those of another.
"""

from __future__ import annotations

import json
import re
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
# A decision repeats what it was asked about: these change with the input, not with the policies.
_ECHOED = {"input_sha256", "ledger_head", "run_id", "runbook"}


def main() -> int:
    """Renew the project's fixtures.

    Returns:
        0; the difference is for people to judge. 2 if the arguments are others.
    """
    match sys.argv[1:]:
        case []:
            told = renew(PROJECT)
        case ["--runbook", old, new]:
            rename(PROJECT, old, new)
            told = renew(PROJECT)
        case _:
            sys.stderr.write('error: give nothing, or ARGS="--runbook OLD NEW"\n')
            return 2
    sys.stdout.write("".join(f"{line}\n" for line in told) or "every expected decision is as it was\n")
    return 0


def renew(project: Path) -> list[str]:
    """Write the expected decisions and the list of cases.

    Args:
        project: folder with policies/ and fixtures/.

    Returns:
        What changed, in lines.
    """
    opa, folder, list_ = find_tool("opa"), project / "fixtures" / "decisions", project / "fixtures" / "cases.txt"
    known = cases.load(folder)
    decisions = decide(build(project / "policies", opa=opa), {case.path: case.input for case in known}, opa=opa)
    told = [line for case in known for line in _renewed(folder, case, decisions[case.path])]
    listed = list_.read_text(encoding="utf-8").splitlines() if list_.exists() else []
    paths = [case.path for case in known]
    told += [f"{path}: a new case" for path in paths if path not in listed]
    told += [f"{path}: the case is gone" for path in listed if path not in paths]
    list_.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    return told


def rename(project: Path, old: str, new: str) -> None:
    """Let the cases of one runbook revision be those of another.

    Args:
        project: folder with fixtures/.
        old: name of the revision in the inputs now.
        new: name to stand there.
    """
    for file in (project / "fixtures" / "decisions").rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(re.escape(old) + r"\b", new, text), encoding="utf-8")


def _renewed(folder: Path, case: cases.Case, decision: dict[str, Any]) -> Iterator[str]:
    """Write a case whose decision is another now, and say what changed."""
    if decision == case.expected:
        return
    written = {Path(case.path).name: {**cases.document(folder, case.path), "expected": decision}}
    text = json.dumps(written, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / f"{case.path}.json").write_text(f"{text}\n", encoding="utf-8")
    told = [f"  {line}" for line in _difference(case.expected, decision)]
    yield from [case.path, *told] if told else []


def _difference(expected: dict[str, Any], decision: dict[str, Any]) -> Iterator[str]:
    """In words, with denials told apart by their codes."""
    old, new = (_by_code(said.get("denials", [])) for said in (expected, decision))
    yield from (f"no longer denies with {code}" for code in old if code not in new)
    yield from (f"denies with {code}" for code in new if code not in old)
    before, after = (
        {**said, "denials": {code: by_code[code] for code in old.keys() & new.keys()}}
        for said, by_code in ((expected, old), (decision, new))
    )
    yield from (words(change) for change in changes(before, after) if change.path[0] not in _ECHOED)


def _by_code(denials: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for denial in denials:
        same = sum(key.split(" ")[0] == denial["code"] for key in found)
        found[denial["code"] + f" ({same + 1})" * bool(same)] = denial
    return found


if __name__ == "__main__":
    sys.exit(main())
