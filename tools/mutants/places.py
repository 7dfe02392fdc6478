"""Where the nodes of OPA's syntax tree stand in the text: OPA gives each node row, column and its own text."""

from __future__ import annotations

import base64
from typing import Any

Node = dict[str, Any]


class Places:
    """Where the nodes of a syntax tree stand in their source.

    Args:
        source: the text.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = [0]
        for line in source.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def span(self, node: Node) -> tuple[int, int]:
        """From where to where; columns count bytes, and the policies are ASCII."""
        location = node["location"]
        start = self._lines[location["row"] - 1] + location["col"] - 1
        return start, start + len(self.text(node))

    def text(self, node: Node) -> str:
        """What stands there."""
        return base64.b64decode(node["location"].get("text", "")).decode("ascii")

    def same(self, node: Node, other: Node | None) -> bool:
        """Whether two nodes are one text."""
        return other is not None and "location" in other and self.span(node) == self.span(other)
