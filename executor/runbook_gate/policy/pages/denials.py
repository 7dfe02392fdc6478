"""docs/denials.md: every code that a check or the gate can deny with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runbook_gate.policy.cases import Case
from runbook_gate.policy.catalog import GATE, Catalog, Code
from runbook_gate.policy.pages.markdown import MADE, code
from runbook_gate.policy.revision import tables
from runbook_gate.shapes import mapping, sequence

_Runbooks = Mapping[str, Mapping[str, Any]]

_INTRODUCTION: Final = """# Denial codes

Every reason for which a check, or the gate itself, does not let a run go on. A code is final, and escalates, unless
the runbook answers it with wait or retry. Each denial carries the facts that led to it, as paths in the decision
input, or in the runbook's data, with their values; `derived.<name>` is what a check counted or gathered from facts
that are too many to tell. `runbook-gate policy explain` shows them for one input.

Every check knows step, checkpoint and runbook. What else it reads stands under its name; `*` is any key or
position."""


def denials_page(known: Catalog, runbooks: _Runbooks, cases: Sequence[Case]) -> str:
    """The page.

    Args:
        known: checks and codes.
        runbooks: data of each revision, by name.
        cases: whose expected denials show facts.
    """
    shown = _facts(cases)
    lines = [MADE, "", _INTRODUCTION]
    for name, check in sorted(known.checks.items()):
        lines += ["", f"## {name}", "", f"{check.title}. {check.wants}", ""]
        lines += [f"- Reads {code(check.reads)}.", f"- Asked {_asked(name, runbooks)}."]
        for one in known.codes_of(name):
            lines += _code(one, runbooks, shown)
    lines += ["", f"## {GATE}", "", "What the gate denies itself. Always final."]
    for one in known.codes_of(GATE):
        lines += _code(one, runbooks, shown)
    return "\n".join(lines) + "\n"


def _code(one: Code, runbooks: _Runbooks, shown: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from ("", f"### {one.code}", "", f"**{one.title}.** {one.description}".rstrip(), "", f"> {one.solution}", "")
    if one.check != GATE:
        yield from (f"- {name}: {_answers(one, data)}." for name, data in runbooks.items() if _asks(one.check, data))
    if facts := shown.get(one.code):
        yield f"- Shows {code(facts)}."
    yield f"- Rule in [{one.file}](../{one.file})."


def _asked(check: str, runbooks: _Runbooks) -> str:
    return "; ".join(
        f"by {name} at {', '.join(asks)}" for name, data in runbooks.items() if (asks := _asks(check, data))
    )


def _asks(check: str, data: Mapping[str, Any]) -> list[str]:
    """Where a revision asks a check."""
    return [checkpoint for _, checkpoint, table in tables(data) if check in sequence(table.get("checks"))]


def _answers(one: Code, data: Mapping[str, Any]) -> str:
    """What a revision answers a code with, where it asks its check."""
    found = {
        checkpoint: str(mapping(table.get("answers")).get(one.code, "final"))
        for _, checkpoint, table in tables(data)
        if one.check in sequence(table.get("checks"))
    }
    words = dict.fromkeys(found.values())
    if len(words) == 1:
        return next(iter(words))
    return ", ".join(f"{word} at {', '.join(at for at, answer in found.items() if answer == word)}" for word in words)


def _facts(cases: Sequence[Case]) -> dict[str, list[str]]:
    """The paths that each code shows in any case, positions and names of registers and labels as `*`."""
    found: dict[str, set[str]] = {}
    for denial in (denial for case in cases for denial in case.expected["denials"]):
        found.setdefault(denial["code"], set()).update(map(_general, denial["facts"]))
    return {named: sorted(paths) for named, paths in found.items()}


def _general(path: str) -> str:
    return re.sub(r"(?<=\.registers\.)[a-z_]+", "*", re.sub(r'\[(?:\d+|"[^"]*")\]', "[*]", path))
