"""What pydantic wanted, in our words: its own print the value that was there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,119}")

# Type of an error: what was expected. In braces stands what the *model* says, never what the document said.
EXPECTED: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be a string",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "path_type": "must be a path",
    "literal_error": "must be {expected}",
    "store_url": "{told}",
    "plain_http": "must be https, or http to a loopback address",
    "unsigned": "has a url but no secret_file: nothing is sent unsigned",
    "two_ways": "must have either a kubeconfig or in_cluster",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} entries",
}


def expectation(error: Any) -> str:
    """What one error of a `ValidationError` says was expected.

    Args:
        error: from `ValidationError.errors()`.

    Returns:
        The end of a sentence whose subject is the field.
    """
    told = EXPECTED.get(error["type"], "is not as its schema says")
    return told.format_map(error.get("ctx", {}))


def field(location: Sequence[int | str]) -> str:
    """The path of a field. Keys of a document are its author's words: only plain ones are repeated.

    Args:
        location: from an error.

    Returns:
        Such as `drift.labels`; empty for the document as a whole.
    """
    shown = [str(part) if _PLAIN.fullmatch(str(part)) else "(a key)" for part in location if part != "[key]"]
    return ".".join(shown)
