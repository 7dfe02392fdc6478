"""The mutants that no test kills, each with the reason why that is in order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from tools.mutants.mutations import Mutant

FILE = Path(__file__).with_name("survivors.yaml")


def title(mutant: Mutant) -> str:
    """What a mutant is called in the list."""
    return f"{mutant.file}: {mutant.name}"


def listed() -> dict[str, str]:
    """The reason of each mutant that may survive.

    Raises:
        ValueError: a mutant is listed twice.
    """
    reasons: dict[str, str] = {}
    for one in yaml.safe_load(FILE.read_text(encoding="utf-8")) or []:
        for name in one["mutants"]:
            if name in reasons:
                raise ValueError(f"{name}: listed twice")
            reasons[name] = one["reason"]
    return reasons


def complaints(outcomes: Mapping[str, str], reasons: Mapping[str, str]) -> list[str]:
    """What is wrong with the list.

    Args:
        outcomes: of each mutant that was tried, by its title.
        reasons: the list.
    """
    survived = {name for name, outcome in outcomes.items() if outcome == "survived"}
    unlisted = [f"survives, and no reason is given: {name}" for name in sorted(survived - reasons.keys())]
    died = [f"is listed, and {outcomes.get(name, 'not there')}: {name}" for name in sorted(reasons.keys() - survived)]
    return unlisted + died
