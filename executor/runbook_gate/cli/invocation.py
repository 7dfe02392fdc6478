"""What was said before the command's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Invocation:
    """Options of `runbook-gate` itself.

    Attributes:
        config_file: `--config`.
        debug: `--debug`.
    """

    config_file: Path | None = None
    debug: bool = False
