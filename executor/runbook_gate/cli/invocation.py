"""What was said before the command's name, and how the command wants its early end told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Invocation:
    """Options of `runbook-gate` itself.

    Attributes:
        config_file: `--config`.
        debug: `--debug`.
        failed: writes a fault that ends the command as a line of its log, in place of text on stderr.
    """

    config_file: Path | None = None
    debug: bool = False
    failed: Callable[[BaseException], None] | None = None
