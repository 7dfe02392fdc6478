"""What led from the checks to the verdict and the next action, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runbook_gate.timestamps import rfc3339

_Rows = Sequence[Mapping[str, Any]]


def reasons(
    decision: Mapping[str, Any], checks: _Rows, gate: _Rows, candidates: _Rows, *, verdict_of_pass: object
) -> list[str]:
    """Say why.

    Args:
        decision: the gate's answer.
        checks: each check of the checkpoint, with outcome and denials.
        gate: what the gate itself denies.
        candidates: of every verdict, each with whether its params are defined.
        verdict_of_pass: the runbook's verdict when every check passes.
    """
    told = [*_checks(checks, verdict_of_pass), *_answers(checks)]
    told += [f"{one['code']}: {one['message']}; this is the gate's own, and final." for one in gate]
    told += _candidates(decision, candidates)
    until = decision["next"]["until_ms"]
    if until is not None:
        told.append(f"Not before {rfc3339(until)}.")
    return told


def _checks(checks: _Rows, verdict_of_pass: object) -> Iterator[str]:
    if not checks:
        yield "The runbook's data has no checks for what was asked, so nothing can pass."
    elif all(one["outcome"] == "pass" for one in checks):
        yield f"Every check passes; the runbook then says {verdict_of_pass}."
    for one in checks:
        if one["outcome"] == "silent":
            yield f"{one['check']} neither passes nor denies: it keeps silent where another check denies."


def _answers(checks: _Rows) -> Iterator[str]:
    said = {denial["code"]: denial["answer"] for check in checks for denial in check["denials"]}
    final = [code for code, answer in said.items() if answer == "final"]
    for code, answer in said.items():
        yield (
            f"{code} is final: the runbook has no answer for it."
            if answer == "final"
            else (f"{code} is answered with {answer} by the runbook.")
        )
    if final:
        yield "One final code is enough to escalate."
    elif len(set(said.values())) > 1:
        yield "Wait beats retry."


def _candidates(decision: Mapping[str, Any], candidates: _Rows) -> Iterator[str]:
    verdict, following = decision["verdict"], decision["next"]
    if verdict == "escalate":
        yield "A run that escalates ends, and its packet goes to the runbook's owner."
    for one in candidates:
        if one["verdict"] == verdict:
            leads = f", then {one['checkpoint']}" if one["checkpoint"] else ", and the run ends"
            params = "has params, so it is next" if one["taken"] else "is not called for: it has no params"
            yield f"Of the runbook's candidates for {verdict}, {one['action']} {params}{leads if one['taken'] else ''}."
    if verdict != "escalate" and not any(one["taken"] for one in candidates):
        yield f"{following['action']} is none of the runbook's candidates."
