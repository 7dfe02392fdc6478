"""The texts of `policy inspect` and `policy diff`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runbook_gate.cli.rule_texts import place, rules_compared
from runbook_gate.cli.tables import table
from runbook_gate.cli.wrapping import wrapped

_KINDS: Final = {"runbooks": "runbook", "checks": "check", "codes": "code"}


def inspected(told: Mapping[str, Any]) -> Iterator[str]:
    """Tell what policies hold.

    Args:
        told: the document.
    """
    yield from wrapped(f"Policies: {told['policies']}", indent="  ", first="")
    yield f"  digest  {told['policy_sha256']}"
    yield from ("", f"Runbooks ({len(told['runbooks'])})")
    for one in told["runbooks"]:
        successor = f", use {one['successor']}" if one["successor"] else ""
        yield from wrapped(f"{one['runbook']}: {one['status']}{successor}", indent="    ", first="  ")
        yield f"    {one['sha256']}"
    yield from ("", f"Checks ({len(told['checks'])})")
    yield from table(("check", "wants"), [(one["name"], one["wants"]) for one in told["checks"]])
    yield from ("", f"Codes ({len(told['codes'])})")
    for one in told["codes"]:
        yield f"  {one['code']}"
        yield from wrapped(f"{one['title']}.", indent="      ")
        yield from wrapped(f"> {one['solution']}", indent="        ", first="      ")
    yield from ("", f"Rules ({len({one['rule'] for one in told['rules']})})")
    for one in told["rules"]:
        yield from wrapped(f"{one['rule']} {place(one)}", indent="      ", first="  ")


def compared(told: Mapping[str, Any]) -> Iterator[str]:
    """Tell how policies differ.

    Args:
        told: the document.
    """
    for side in ("old", "new"):
        yield from wrapped(f"{side}  {told[side]['policies']}", indent="     ", first="")
        yield f"     digest {told[side]['policy_sha256']}"
    if told["capabilities"] is None:
        yield from wrapped(f"unknown: the allow-list of built-ins of {_without_capabilities(told)}", indent="     ")
    if told["same"]:
        yield "They are the same."
        return
    for kind, word in _KINDS.items():
        yield from _members(word, told[kind])
    yield from rules_compared(told)
    yield from _changed("parties data", told["parties"])
    yield from _changed("capabilities.json", told["capabilities"] or [])


def _members(word: str, found: Mapping[str, Any]) -> Iterator[str]:
    for how in ("added", "removed"):
        for name in found[how]:
            yield from ("", f"{how}: {word} {name}")
    for name, changed in found["changed"].items():
        yield from _changed(f"{word} {name}", changed)


def _changed(name: str, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if found:
        yield from ("", f"changed: {name}")
    for change in found:
        yield from wrapped(change["words"], indent="    ", first="  - ")


def _without_capabilities(told: Mapping[str, Any]) -> str:
    sides = [told[side] for side in ("old", "new")]
    return " and of ".join(side["policies"] for side in sides if not side["capabilities_known"])
