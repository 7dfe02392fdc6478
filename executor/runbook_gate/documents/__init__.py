"""Documents from outside, JSON or YAML, read strictly before anything else looks at them.

- What comes out has a canonical form (canonical.py): strings, booleans, null, integers within 2^53 - 1 of
  zero, lists, and dictionaries with each key once. Keys may be any text; the models know which they want.
- YAML is read as JSON written differently: no anchors, aliases, tags, merge keys or second documents, and no
  plain scalar that one version of YAML reads as something else than another (`1.30`, `no`, `0o7`, `1:30`,
  `2026-07-01`).
- What is wrong has a stable code and a place. No error holds a value.
"""

from __future__ import annotations

from typing import Any

from runbook_gate.documents.problems import Limits, Malformed, Problem
from runbook_gate.documents.strict_json import JsonReader
from runbook_gate.documents.strict_yaml import YamlReader

__all__ = ["Limits", "Malformed", "Problem", "load_document"]

_DEFAULT = Limits()


def load_document(raw: bytes, *, source: str, limits: Limits = _DEFAULT) -> Any:
    """Read a JSON or YAML document.

    Args:
        raw: its bytes.
        source: file name or register, for the message. The document is JSON if this ends in `.json` or its
            first character is `{` or `[`, else YAML.
        limits: how much of it is read.

    Returns:
        A dictionary, list, string, boolean, integer or None.

    Raises:
        Malformed: naming problem and place, never a value.
    """
    if len(raw) > limits.size:
        raise Malformed("too_large", source=source)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not_utf8", source=source) from None
    if text.startswith("\ufeff"):
        raise Malformed("byte_order_mark", source=source)
    if source.endswith(".json") or text.lstrip(" \t\r\n")[:1] in ("{", "["):
        return JsonReader(source, limits).load(text)
    return YamlReader(source, limits).load(text)
