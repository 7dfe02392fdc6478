"""The checks of a bundle and the codes with which they deny, in the words of METADATA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.annotations import Annotation, read

GATE: Final = "gate"


@dataclass(frozen=True)
class Code:
    """One reason to deny.

    Attributes:
        code: `<check>.<short_name>`.
        check: package that says it; `gate` for what the gate itself denies.
        title: what is wrong, which is also the denial's message.
        description: more about it, often empty.
        solution: how to mend it.
        file: path of its rule in the bundle.
        line: of its rule.
    """

    code: str
    check: str
    title: str
    description: str
    solution: str
    file: str
    line: int


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: its folder and package.
        title: its name in words.
        wants: what it wants before it passes.
        reads: patterns of the facts that it reads, see `facts.at`.
        file: path of its `pass` in the bundle, else of its package.
        line: of its `pass`, else of its package.
    """

    name: str
    title: str
    wants: str
    reads: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True)
class Catalog:
    """What a bundle can check and say.

    Attributes:
        checks: by name.
        codes: by code, the gate's own included.
        packages: below `data`, those without METADATA too.
    """

    checks: Mapping[str, Check]
    codes: Mapping[str, Code]
    packages: frozenset[tuple[str, ...]]

    def members(self, folder: str) -> list[str]:
        """The packages right below one, such as the actions below `actions`."""
        return sorted({path[1] for path in self.packages if len(path) == 2 and path[0] == folder})

    def codes_of(self, check: str) -> list[Code]:
        """The codes of one check, in order of their names."""
        return [code for _, code in sorted(self.codes.items()) if code.check == check]


def catalog(bundle: Bundle, *, opa: Path) -> Catalog:
    """Read the catalog of a bundle.

    Args:
        bundle: the bundle.
        opa: the opa binary.

    Raises:
        InvalidDocument: with OPA's own words, if the bundle does not parse.
        EnvironmentFault: opa cannot be run.
    """
    found = read(bundle, opa=opa)
    return Catalog(
        {check.name: check for check in _checks(found.annotations)},
        {code.code: code for code in _codes(found.annotations)},
        found.packages,
    )


def _checks(annotations: Sequence[Annotation]) -> Iterable[Check]:
    passes = {one.path[1]: one for one in annotations if _is_pass(one)}
    for one in annotations:
        if one.scope == "package" and len(one.path) == 2 and one.path[0] == "checks":
            reads = tuple(str(pattern) for pattern in one.custom.get("reads", ()))
            place = passes.get(one.path[1], one)
            yield Check(one.path[1], one.title, one.description, reads, place.file, place.line)


def _is_pass(one: Annotation) -> bool:
    return len(one.path) == 3 and one.path[0] == "checks" and one.path[2] == "pass"


def _codes(annotations: Iterable[Annotation]) -> Iterable[Code]:
    for one in annotations:
        if one.path[-1:] == ("deny",) and "code" in one.custom:
            check, code = one.path[-2], str(one.custom["code"])
            yield Code(code, check, one.title, one.description, str(one.custom.get("solution", "")), one.file, one.line)
