"""What a library says by itself, through `logging`: on one line, and none of the values that it says it with.

SQLAlchemy and psycopg warn of a connection that broke off, with the frames; whoever used it has a fault of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import click

from runbook_gate.printable import printable

Line = Callable[..., None]
_LEVELS: Final = {logging.ERROR: "error", logging.CRITICAL: "error"}


class Overheard(logging.Handler):
    """Hears every warning and error of a library that has no handler of its own.

    Args:
        line: is given the event `library`, the level, which logger, what it says before any value is filled in, and
            the type of the exception.
    """

    def __init__(self, line: Line) -> None:
        super().__init__(logging.WARNING)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        kind = record.exc_info[0] if record.exc_info else None
        self._line(
            "library",
            level=_LEVELS.get(record.levelno, "warning"),
            logger=record.name,
            message=str(record.msg),
            kind=kind.__name__ if kind else None,
        )


def overhear(line: Line) -> None:
    """Hear what nobody else does, from now on."""
    logging.lastResort = Overheard(line)


def on_stderr(_event: str, *, level: str, logger: str, message: str, kind: str | None) -> None:
    """The line for people."""
    end = f" ({kind})" if kind else ""
    with suppress(OSError):
        click.echo(printable(f"{level.capitalize()} of {logger}: {message}{end}"), err=True)
