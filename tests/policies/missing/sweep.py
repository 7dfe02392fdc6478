"""Asks about every lack of every good input, and compares with the table, or writes it (`make facts`)."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from tests.policies.asking import Question, decide
from tests.policies.decision_cases import load
from tests.policies.missing import carried, waiting
from tests.policies.missing.carried import Answer
from tests.policies.missing.lacks import Lack, Seen, lacks, values
from tests.policies.missing.waiting import Freed

from runbook_gate.models.decision import Decision

# What the input lacks of these, the answer lacks too: the executor refuses it.
ECHOED = {"run_id", "step", "checkpoint", "ledger_head"}
_BATCH = 1000


def good_inputs() -> dict[str, Any]:
    """Every good input, by the path of its case."""
    return {case.path: case.input for case in load() if case.path.startswith("pass/")}


def every_lack(checkpoint: str = "") -> dict[str, list[Lack]]:
    """Every lack of every good input, of one checkpoint or of all, by the input."""
    wanted = (case for case in load() if case.path.startswith(f"pass/{checkpoint}"))
    return {case.path: list(lacks(case.path, case.input, _seen())) for case in wanted}


@functools.cache
def _seen() -> Seen:
    return values(case.input for case in load())


def answered(inputs: dict[str, Any], asked: Sequence[Lack]) -> list[Answer]:
    """How each lack is answered.

    Every answer is a valid decision, and none writes where the good input does not.
    """
    bases = {lack.base: inputs[lack.base] for lack in asked}
    whole = [Question(base) for base in bases]
    decisions = decide(bases, [*whole, *(lack.question for lack in asked)])
    writing = {base for base, decision in zip(bases, decisions, strict=False) if _writes(decision)}
    lacking = list(zip(asked, decisions[len(whole) :], strict=True))
    assert [lack for lack, decision in lacking if _writes(decision) and lack.base not in writing] == []
    return [Answer(lack, _goes_on(lack, decision), _codes(decision)) for lack, decision in lacking]


def _codes(decision: Any) -> frozenset[str]:
    return frozenset(denial["code"] for denial in decision["denials"])


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
        0, or how many of the tables are other ones and how many lacks make a run freer.
    """
    return _goes_on_as_the_tables_say() + _is_never_freer()


def _is_never_freer() -> int:
    batches = list(_batches(waiting.every_lack(whole="--whole" in sys.argv)))
    freer: list[Freed] = []
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for number, found in enumerate(pool.map(lambda batch: list(waiting.freed(batch)), batches), start=1):
            freer += found
            sys.stderr.write(f"{number} of {len(batches)} batches that wait, {time.monotonic() - begun:.0f} s\n")
    for one in freer:
        sys.stderr.write(f"{one.lack.base}: {one.lack.fact} {one.lack.kind}: {one.became}\n")
    return len(freer)


def _goes_on_as_the_tables_say() -> int:
    inputs = good_inputs()
    batches = [batch for asked in every_lack().values() for batch in _batches(asked)]
    found: list[Answer] = []
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for answers in pool.map(lambda batch: answered(inputs, batch), batches):
            found += answers
            sys.stderr.write(f"{len(found)} inputs, {time.monotonic() - begun:.0f} s\n")
    tables = {carried.TABLE: carried.table_of(found), carried.CODES: carried.codes_of(found)}
    return sum(_written_or_compared(path, carried.written(table)) for path, table in tables.items())


def _written_or_compared(path: Path, text: str) -> int:
    if "--write" in sys.argv:
        path.write_text(text, encoding="utf-8")
        return 0
    known = path.read_text(encoding="utf-8")
    for line in sorted(set(text.splitlines()) ^ set(known.splitlines())):
        sys.stderr.write(f"{path.name}, {'new' if line in text.splitlines() else 'old'}: {line}\n")
    if text != known:
        sys.stderr.write(f"{path.name} is not what the policies do: run `make facts ARGS=--write` and give reasons\n")
    return int(text != known)


def _batches(asked: list[Lack]) -> Iterator[list[Lack]]:
    return (asked[start : start + _BATCH] for start in range(0, len(asked), _BATCH))


if __name__ == "__main__":
    sys.exit(main())
