"""What can be wrong with a document, and how much of one is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from runbook_gate.errors import InvalidDocument

Problem = Literal[
    "alias",
    "ambiguous_scalar",
    "big_integer",
    "byte_order_mark",
    "duplicate_key",
    "empty",
    "float",
    "key_not_string",
    "not_finite",
    "not_json",
    "not_utf8",
    "not_yaml",
    "several_documents",
    "surrogate",
    "tag",
    "too_deep",
    "too_large",
    "too_many_values",
]

EXPLANATIONS: Final[dict[Problem, str]] = {
    "alias": "YAML anchors and aliases are not allowed: write the value out",
    "ambiguous_scalar": "versions of YAML differ here: put the value in quotes, or write true, false or null",
    "big_integer": "an integer is beyond 2^53 - 1: write it as a string",
    "byte_order_mark": "the document begins with a byte order mark: save it as plain UTF-8",
    "duplicate_key": "a key occurs twice in one object",
    "empty": "the document is empty",
    "float": "a number has a fraction or an exponent: write it as a string",
    "key_not_string": "a key is not a string: put it in quotes",
    "not_finite": "NaN and Infinity are not JSON",
    "not_json": "the document is not well-formed JSON",
    "not_utf8": "the document is not UTF-8",
    "not_yaml": "the document is not well-formed YAML",
    "several_documents": "there is more than one YAML document",
    "surrogate": "a string holds half of a surrogate pair",
    "tag": "YAML tags are not allowed",
    "too_deep": "the document is nested too deeply",
    "too_large": "the document is too large",
    "too_many_values": "the document has too many values",
}

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Malformed(InvalidDocument):
    """A document is not what this program reads.

    Attributes:
        problem: stable code of what is wrong.
        where: a line, or the path of the value; empty where the whole document is meant.
    """

    def __init__(self, problem: Problem, *, source: str, where: str = "") -> None:
        place = f"{source}, {where}" if where else source
        super().__init__(f"{place}: {EXPLANATIONS[problem]}")
        self.problem: Problem = problem
        self.where = where


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is read.

    Attributes:
        size: bytes.
        depth: lists and objects inside one another.
        values: scalars, lists and objects together.
    """

    size: int = 1024 * 1024
    depth: int = 32
    values: int = 100_000


class Reader:
    """What both forms share: the limits, and what a string may hold."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._values = 0

    def fault(self, problem: Problem, where: str = "") -> Malformed:
        """Make the error for a place in this document.

        Args:
            problem: what is wrong.
            where: a line or a path.

        Returns:
            The error, to be raised.
        """
        return Malformed(problem, source=self._source, where=where)

    def count(self, where: str, depth: int) -> None:
        """Count one value.

        Args:
            where: its place.
            depth: how many lists and objects enclose it, itself included.

        Raises:
            Malformed: if it is one too many, or too deep.
        """
        self._values += 1
        if self._values > self._limits.values:
            raise self.fault("too_many_values", where)
        if depth > self._limits.depth:
            raise self.fault("too_deep", where)

    def string(self, text: str, where: str) -> str:
        """Check a string.

        Args:
            text: the string.
            where: its place.

        Returns:
            The same string.

        Raises:
            Malformed: if it holds half of a surrogate pair.
        """
        if not text.isascii() and _SURROGATE.search(text):
            raise self.fault("surrogate", where)
        return text
