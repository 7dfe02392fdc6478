"""Asks about every lack of every good input, and compares with the table, or writes it (`make facts`)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import ValidationError
from tests.policies.asking import Question, decide
from tests.policies.decision_cases import load
from tests.policies.missing import carried
from tests.policies.missing.lacks import Lack, lacks

from runbook_gate.models.decision import Decision

# What the input lacks of these, the answer lacks too: the executor refuses it.
ECHOED = {"run_id", "step", "checkpoint", "ledger_head"}
_BATCH = 1000


def good_inputs() -> dict[str, Any]:
    """Every good input, by the path of its case."""
    return {case.path: case.input for case in load() if case.path.startswith("pass/")}


def answered(inputs: dict[str, Any], asked: Sequence[Lack]) -> list[tuple[Lack, bool]]:
    """Of each lack, whether the run went on.

    Every answer is a valid decision, and none writes where the good input does not.
    """
    bases = {lack.base: inputs[lack.base] for lack in asked}
    whole = [Question(base) for base in bases]
    decisions = decide(bases, [*whole, *(lack.question for lack in asked)])
    writing = {base for base, decision in zip(bases, decisions, strict=False) if _writes(decision)}
    lacking = list(zip(asked, decisions[len(whole) :], strict=True))
    assert [lack for lack, decision in lacking if _writes(decision) and lack.base not in writing] == []
    return [(lack, _goes_on(lack, decision)) for lack, decision in lacking]


def _writes(decision: Any) -> bool:
    return bool(decision["next"]["action"] == "patch_labels")


def _goes_on(lack: Lack, document: Any) -> bool:
    try:
        decision = Decision.model_validate(document)
    except ValidationError:
        assert lack.fact in ECHOED, f"{lack}: {document}"
        return False
    return decision.verdict in {"proceed", "complete"}


def main() -> int:
    """Ask about everything, and compare or write.

    Returns:
        0, or 1 if the table is another one.
    """
    inputs = good_inputs()
    batches = [batch for name, one in inputs.items() for batch in _batches(list(lacks(name, one)))]
    found, begun, asked = [], time.monotonic(), 0
    with ThreadPoolExecutor(2) as pool:
        for answers in pool.map(lambda batch: answered(inputs, batch), batches):
            found += answers
            asked += len(answers)
            sys.stderr.write(f"\r{asked} inputs, {time.monotonic() - begun:.0f} s ")
    text = carried.written(carried.table_of(found))
    sys.stderr.write("\n")
    if "--write" in sys.argv:
        carried.TABLE.write_text(text, encoding="utf-8")
        return 0
    return _compared(text, carried.TABLE.read_text(encoding="utf-8"))


def _batches(asked: list[Lack]) -> Iterator[list[Lack]]:
    return (asked[start : start + _BATCH] for start in range(0, len(asked), _BATCH))


def _compared(found: str, known: str) -> int:
    for line in sorted(set(found.splitlines()) ^ set(known.splitlines())):
        sys.stderr.write(f"{'new' if line in found.splitlines() else 'old'}: {line}\n")
    if found != known:
        sys.stderr.write("carried.txt is not what the policies do: run `make facts ARGS=--write` and give reasons\n")
    return int(found != known)


if __name__ == "__main__":
    sys.exit(main())
