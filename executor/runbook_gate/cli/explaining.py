"""The text of `policy explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from runbook_gate.checkpoints import NAMES
from runbook_gate.cli.rule_texts import place
from runbook_gate.cli.wrapping import facts, wrapped
from runbook_gate.models.decision import Checkpoint
from runbook_gate.timestamps import rfc3339

_WORDS: Final = {"pass": "pass  ", "deny": "DENY  ", "silent": "silent"}
_BELOW: Final = "         "
_RECORDED: Final = "An executor of another version recorded this input, and the schema of inputs differs now"
_WRITTEN: Final = "The executor never sends such an input"
_MOST_PROBLEMS: Final = 5

_MOST_FACTS: Final = 8


def text(told: Mapping[str, Any], *, with_facts: bool) -> Iterator[str]:
    """Tell an explanation.

    Args:
        told: the document.
        with_facts: whether the facts that a check reads are shown with their values; those of denials always are.
    """
    yield from wrapped(f"Decision of {told['input']}", indent="  ", first="")
    yield from _header(told)
    yield from _problems(told["input_problems"], recorded=told["recorded"])
    checks, gate = told["checks"], told["gate"]
    passing = sum(one["outcome"] == "pass" for one in checks)
    yield from ("", f"Checks: {passing} of {len(checks)} pass. Rules lie below policies/.")
    for check in checks:
        yield ""
        yield from _check(check, with_facts=with_facts)
    for denial in gate:
        yield from ("", "DENY     gate")
        yield from _denial(denial)
    yield from ("", f"Verdict: {told['verdict']}")
    for sentence in told["why"]:
        yield from wrapped(sentence, indent="    ", first="  - ")
    yield from ("", *_next(told["next"]))


def _header(told: Mapping[str, Any]) -> Iterator[str]:
    checkpoint = told["checkpoint"]
    named = f" {NAMES[checkpoint]}" if checkpoint in get_args(Checkpoint) else ""
    yield from wrapped(f"checkpoint  {_stated(checkpoint)}{named}, step {_stated(told['step'])}", indent="  ")
    yield from wrapped(f"runbook     {_stated(told['runbook'])}", indent="  ")
    yield from wrapped(f"asked at    {_moment(told['now_ms'])}", indent="  ")
    yield from wrapped(f"policies    {told['policies']}", indent="  ")
    yield f"  digest      {told['policy_sha256']}"


def _stated(value: object) -> str:
    if value is None:
        return "(not stated)"
    return value if isinstance(value, str) and value else json.dumps(value)


def _moment(value: object) -> str:
    return rfc3339(value) if isinstance(value, int) and not isinstance(value, bool) else _stated(value)


def _problems(problems: Sequence[str], *, recorded: bool) -> Iterator[str]:
    if problems:
        yield from (
            "",
            *wrapped(f"{_RECORDED if recorded else _WRITTEN}; what follows is what the policies say of it:"),
        )
    for problem in problems[:_MOST_PROBLEMS]:
        yield from wrapped(problem, indent="    ", first="  - ")
    if len(problems) > _MOST_PROBLEMS:
        yield f"  - and {len(problems) - _MOST_PROBLEMS} more (-o json)"


def _check(check: Mapping[str, Any], *, with_facts: bool) -> Iterator[str]:
    yield from wrapped(check["check"], first=f"{_WORDS[check['outcome']]}   ", indent=_BELOW)
    yield from wrapped(check["wants"] or "The bundle lacks this check, or its METADATA.", indent=_BELOW)
    if check["file"]:
        yield f"{_BELOW}{place(check)}"
    if with_facts:
        yield from facts(check["reads"], indent=_BELOW)
    elif check["outcome"] == "pass":
        yield from _saw(check["reads"])
    for denial in check["denials"]:
        yield from _denial(denial)


def _saw(reads: Mapping[str, Any]) -> Iterator[str]:
    """In short what a check passed on: plain values first, of composed ones only that they are there."""
    there = {path: value for path, value in reads.items() if value is not None or "*" not in path}
    ordered = sorted(there.items(), key=lambda one: isinstance(one[1], dict | list))
    yield from facts(dict(ordered[:_MOST_FACTS]), indent=_BELOW, whole=False)
    more = len(ordered) - _MOST_FACTS
    if more > 0:
        yield f"{_BELOW}and {more} more (--facts)"


def _denial(denial: Mapping[str, Any]) -> Iterator[str]:
    yield from wrapped(f"{denial['code']} ({denial['answer']})", indent=f"{_BELOW}  ", first=f"{_BELOW}x ")
    below = f"{_BELOW}  "
    yield from wrapped(f"{denial['message']}.", indent=below)
    yield from facts(denial["facts"], indent=below)
    yield from wrapped(denial["solution"], indent=below)
    if denial["file"]:
        yield f"{below}{place(denial)}"


def _next(following: Mapping[str, Any]) -> Iterator[str]:
    leads = f", then {following['checkpoint']}" if following["checkpoint"] else ""
    yield from wrapped(f"Next: {following['action']} in step {following['step']}{leads}", indent="  ", first="")
    yield from facts({f"params.{key}": value for key, value in following["params"].items()}, indent="  ")
