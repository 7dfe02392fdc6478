"""Warning headers: level:version of Pod Security warnings, and how many others there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from runbook_gate.models.http import Warnings
from runbook_gate.shapes import LEVEL_VERSION

_ONE: Final = re.compile(r'299 [^" ]{1,255} "((?:[^"\\]|\\.)*)"')
_VIOLATION: Final = re.compile(rf'would violate PodSecurity "({LEVEL_VERSION})"(?:: |$)')
_EXISTING: Final = re.compile(
    r'existing pods in namespace "|new PodSecurity enforce level only checked against the first '
)


def warnings(headers: Iterable[str]) -> Warnings:
    """Project the values of all Warning headers of an answer."""
    told = [text for header in headers for text in _texts(header)]
    violations = [found[1] for found in map(_VIOLATION.match, told) if found]
    existing = sum(1 for text in told if _EXISTING.match(text))
    others = len(told) - len(violations) - existing
    return Warnings(pod_security=violations[:16], existing_pods=existing > 0, others=others)


def _texts(header: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", found) for found in _ONE.findall(header)] or [header]
