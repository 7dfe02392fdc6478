"""The facts that may be missing or another without a denial, the reason why each is carried all the same, and the
codes with which the others deny.

`carried.txt` is generated: a line for each fact, and for each checkpoint the ways in which it may be missing.
`all` stands for every way in every good input, a `?` behind a way for some good inputs only. `codes.txt` is
generated too: for each fact and checkpoint every code that its lack brings.
`reasons.yaml` is written by hand; the first entry that fits a fact and a checkpoint gives the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from tests.policies.missing.lacks import Lack

FOLDER = Path(__file__).parent
TABLE, CODES, REASONS = FOLDER / "carried.txt", FOLDER / "codes.txt", FOLDER / "reasons.yaml"

Key = tuple[str, str]  # fact, checkpoint


@dataclass(frozen=True)
class Answer:
    """How one lack was answered.

    Attributes:
        lack: the lack.
        went_on: whether the run would go on.
        codes: those of the denials.
    """

    lack: Lack
    went_on: bool
    codes: frozenset[str]


@dataclass
class Seen:
    """How the lacks of one fact at one checkpoint were answered, by kind: how often the run went on, or not."""

    on: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    off: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def cell(self) -> str:
        """What the table says of it; empty where every lack denies."""
        if self.on and not self.off:
            return "all"
        return ",".join(f"{kind}?" if kind in self.off else kind for kind in sorted(self.on))


def table_of(answers: Iterable[Answer]) -> dict[Key, str]:
    """The table of facts that the answers make."""
    seen: dict[Key, Seen] = defaultdict(Seen)
    for answer in answers:
        one = seen[answer.lack.fact, answer.lack.checkpoint]
        (one.on if answer.went_on else one.off)[answer.lack.kind] += 1
    return {key: one.cell for key, one in seen.items() if one.cell}


def codes_of(answers: Iterable[Answer]) -> dict[Key, str]:
    """The table of codes that the answers make."""
    said: dict[Key, set[str]] = defaultdict(set)
    for answer in answers:
        said[answer.lack.fact, answer.lack.checkpoint] |= answer.codes
    return {key: ",".join(sorted(codes)) for key, codes in said.items() if codes}


def written(table: Mapping[Key, str]) -> str:
    """The table as the text of its file."""
    lines = defaultdict(list)
    for (fact, checkpoint), cell in sorted(table.items()):
        lines[fact].append(f"{checkpoint}={cell}")
    return "".join(f"{fact} {' '.join(cells)}\n" for fact, cells in lines.items())


def read(path: Path = TABLE) -> dict[Key, str]:
    """The table in a file."""
    table: dict[Key, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fact, *cells = line.split(" ")
        for cell in cells:
            checkpoint, _, ways = cell.partition("=")
            table[fact, checkpoint] = ways
    return table


def may_go_on(table: Mapping[Key, str], lack: Lack) -> bool:
    """Whether the table lets a run go on with this lack."""
    cell = table.get((lack.fact, lack.checkpoint), "")
    return cell == "all" or lack.kind in cell.replace("?", "").split(",")


def has_to_go_on(table: Mapping[Key, str], lack: Lack) -> bool:
    """Whether the table says that nobody looks."""
    cell = table.get((lack.fact, lack.checkpoint), "")
    return cell == "all" or lack.kind in cell.split(",")


def reasons() -> list[dict[str, Any]]:
    """The reasons, in order."""
    found: list[dict[str, Any]] = yaml.safe_load(REASONS.read_text(encoding="utf-8"))
    return found


def reason_for(key: Key, among: list[dict[str, Any]]) -> int | None:
    """Which reason a fact has at a checkpoint."""
    fact, checkpoint = key
    fitting = (
        index
        for index, one in enumerate(among)
        if checkpoint in one.get("at", [checkpoint]) and any(fnmatchcase(fact, fits) for fits in one["facts"])
    )
    return next(fitting, None)
