"""Text from elsewhere, made safe to show: on a terminal, in a log, in a packet."""

from __future__ import annotations


def printable(value: object) -> str:
    """Text on one line in which nothing moves, colours, hides or reverses other text.

    Args:
        value: anything; its `str()` is shown.

    Returns:
        The text with U+FFFD in place of every control, format (such as direction marks and zero-width characters),
        separator other than the space, private-use and unassigned character.
    """
    return "".join(character if character.isprintable() else "\ufffd" for character in str(value))
