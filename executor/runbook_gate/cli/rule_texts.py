"""How the rules of two bundles differ, for people: names, places, and both bodies."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runbook_gate.cli.wrapping import wrapped
from runbook_gate.policy.rules import IMPORTS

_WHOLE: Final = 10_000  # lines of context: a rule is shown from its first line to its last


def place(one: Mapping[str, Any]) -> str:
    """Where a rule stands, below policies/: file and line."""
    return f"{one['file'].removeprefix('policies/')}:{one['line']}"


def rules_compared(told: Mapping[str, Any]) -> Iterator[str]:
    """Tell how rules differ.

    Args:
        told: the document of `policy diff`.
    """
    found, files = told["rules"], told["files"]
    for how in ("added", "removed"):
        for path in files[how]:
            yield from ("", *wrapped(f"{how}: file {path}", indent="  ", first=""))
        for name, place in found[how].items():
            if not name.startswith(IMPORTS):
                yield from ("", *wrapped(f"{how}: rule {name}, {place}", indent="  ", first=""))
    for name, sides in found["changed"].items():
        yield from _rule(name, sides)
    logic = {one["file"] for sides in found["changed"].values() for side in sides.values() for one in side}
    logic |= {place.rpartition(":")[0] for how in ("added", "removed") for place in found[how].values()}
    for path in files["changed"]:
        if path not in logic:
            yield from ("", *wrapped(f"changed: only comments or layout of {path}", indent="  ", first=""))


def _rule(name: str, sides: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    places = ", ".join(dict.fromkeys(f"{one['file']}:{one['line']}" for one in sides["new"] or sides["old"]))
    what = name if name.startswith(IMPORTS) else f"rule {name}"
    yield from ("", *wrapped(f"changed: {what}, {places}", indent="  ", first=""))
    old, new = ([line for one in sides[side] for line in one["text"].splitlines()] for side in ("old", "new"))
    if old == new:
        yield "  It is written as it was; an import gives it another meaning."
    for line in list(difflib.unified_diff(old, new, n=_WHOLE, lineterm=""))[3:]:
        yield from wrapped(line[1:].expandtabs(4), first=f"  {line[0]} ", indent="        ") or [""]
