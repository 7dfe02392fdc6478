"""Tries every mutant of policies/ (`make mutants`).

Takes about a quarter of an hour on two cores. What was tried is kept in build/mutants, so that an interrupted run
goes on where it was; an edit of policies, tests or fixtures begins anew. Arguments are parts of file names.
"""

from __future__ import annotations

import hashlib
import json
import queue
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tools.mutants.mutations import Mutant, mutants
from tools.mutants.survivors import complaints, listed, title
from tools.mutants.trial import trial

from runbook_gate.binaries import find_tool

ROOT = Path(__file__).resolve().parents[2]
READ = ("policies", "policy-tests", "fixtures/decisions", "tools/mutants")
_WORKERS = 2
_KILLED = 0.95


class Trials:
    """The outcomes so far, in a file that only grows."""

    def __init__(self, path: Path, total: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.outcomes: dict[str, str] = dict(json.loads(line) for line in lines)
        self._file, self._total = path.open("a", encoding="utf-8"), total
        self._lock, self._begun = threading.Lock(), time.monotonic()

    def add(self, mutant: Mutant, outcome: str) -> None:
        """Keep an outcome, and tell how far it is."""
        with self._lock:
            self.outcomes[title(mutant)] = outcome
            self._file.write(json.dumps([title(mutant), outcome]) + "\n")
            self._file.flush()
            if len(self.outcomes) % 100 == 0:
                minutes = (time.monotonic() - self._begun) / 60
                sys.stderr.write(f"{len(self.outcomes)} of {self._total} mutants, {minutes:.1f} min\n")


def main() -> int:
    """Try them all, or those of the files that are named.

    Returns:
        0; 1 if too few are killed or the list of survivors is wrong.
    """
    wanted = sys.argv[1:]
    files = [str(file.relative_to(ROOT)) for file in sorted((ROOT / "policies").rglob("*.rego"))]
    files = [file for file in files if not wanted or any(part in file for part in wanted)]
    found = {title(one): one for file in files for one in mutants(ROOT, file, find_tool("opa"))}
    trials = Trials(ROOT / "build" / "mutants" / f"{_digest()}.jsonl", len(found))
    _try([one for name, one in found.items() if name not in trials.outcomes], trials)
    reasons = {name: why for name, why in listed().items() if name.split(": ", 1)[0] in files}
    return _told({name: trials.outcomes[name] for name in found}, reasons)


def _try(left: list[Mutant], trials: Trials) -> None:
    """Each worker takes file by file, so that a file's mutants meet the tests that killed their like."""
    files: queue.SimpleQueue[list[Mutant]] = queue.SimpleQueue()
    for file in sorted({one.file for one in left}):
        files.put([one for one in left if one.file == file])
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with trial(ROOT, find_tool("opa")) as own:
                while not faults:
                    for mutant in files.get_nowait():
                        trials.add(mutant, own.outcome(mutant))
        except queue.Empty:
            pass
        except BaseException as fault:
            faults.append(fault)

    workers = [threading.Thread(target=work) for _ in range(_WORKERS if left else 0)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if faults:
        raise faults[0]


def _told(outcomes: dict[str, str], reasons: dict[str, str]) -> int:
    counts = Counter(outcomes.values())
    tried = counts["killed"] + counts["survived"]
    share = counts["killed"] / tried if tried else 1.0
    sys.stdout.write(
        f"{len(outcomes)} mutants: {counts['killed']} killed, {counts['survived']} survived, "
        f"{counts['uncompilable']} do not compile; {100 * share:.1f} % of those that compile are killed\n"
    )
    wrong = complaints(outcomes, reasons)
    if share < _KILLED:
        wrong.append(f"fewer than {100 * _KILLED:.0f} % are killed")
    sys.stderr.writelines(f"error: {one}\n" for one in wrong)
    return 1 if wrong else 0


def _digest() -> str:
    """Of everything that an outcome depends on."""
    whole = hashlib.sha256()
    for folder in READ:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and file.suffix in {".rego", ".json", ".yaml", ".py"} and file.name != "survivors.yaml":
                whole.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
