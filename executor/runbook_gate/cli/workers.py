"""`--workers`: how many processes share a piece of work."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def workers_option(command: F) -> F:
    """Adds `--workers`."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 64),
        default=lambda: os.cpu_count() or 1,
        show_default="as many as cores",
        help="Processes that check a large ledger.",
    )(command)
