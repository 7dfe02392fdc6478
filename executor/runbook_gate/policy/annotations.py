"""METADATA of a bundle, as `opa inspect` lists it: the words and places of packages and rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import BUNDLE, run_opa_on


@dataclass(frozen=True)
class Annotation:
    """What METADATA says of one package or rule.

    Attributes:
        path: below `data`.
        scope: `package`, `subpackages`, `rule` or `document`.
        title: empty if it states none.
        description: on one line; empty if it states none.
        custom: whatever else it states.
        file: path in the bundle.
        line: of the package or rule.
    """

    path: tuple[str, ...]
    scope: str
    title: str
    description: str
    custom: Mapping[str, Any]
    file: str
    line: int


@dataclass(frozen=True)
class Inspection:
    """What `opa inspect` tells of a bundle.

    Attributes:
        packages: below `data`, those without METADATA too.
        annotations: of packages and rules.
    """

    packages: frozenset[tuple[str, ...]]
    annotations: list[Annotation]


def read(bundle: Bundle, *, opa: Path) -> Inspection:
    """List the packages and the METADATA of a bundle.

    Args:
        bundle: the bundle.
        opa: the opa binary.

    Raises:
        InvalidDocument: with OPA's own words, if the bundle does not parse.
        EnvironmentFault: opa cannot be run.
    """
    told = json.loads(run_opa_on(bundle.raw, ["inspect", "--annotations", "--format", "json", BUNDLE], opa=opa))
    packages = frozenset(tuple(name.split(".")[1:]) for name in told.get("namespaces", {}))
    return Inspection(packages, [_annotation(one) for one in told.get("annotations", [])])


def _annotation(one: Mapping[str, Any]) -> Annotation:
    stated = one["annotations"]
    return Annotation(
        path=tuple(str(part["value"]) for part in one["path"][1:]),
        scope=stated["scope"],
        title=stated.get("title", ""),
        description=" ".join(stated.get("description", "").split()),
        custom=stated.get("custom", {}),
        file=one["location"]["file"].lstrip("/"),
        line=one["location"]["row"],
    )
