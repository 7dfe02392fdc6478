"""Registers as files: YAML or JSON, one a register."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runbook_gate.clock import Clock
from runbook_gate.documents import Limits
from runbook_gate.registers.protocol import RawAnswer

MAX_SIZE: Final = Limits().size


class FileRegisters:
    """A `RegisterSource` in files.

    A file that is not there is an answer: the register does not exist. Whatever else keeps it from being read
    (a folder in its place, no permission, an I/O error) is no answer.

    Args:
        paths: file of each register, by name.
        clock: for the moment of reading.
    """

    def __init__(self, paths: Mapping[str, Path], clock: Clock) -> None:
        self._paths, self._clock = paths, clock

    def read(self, name: str) -> RawAnswer:
        """Read one register, whole."""
        path = self._paths.get(name)
        if path is None:
            return self._without("missing", "not_configured")
        try:
            content = _content(path)
        except FileNotFoundError:
            return self._without("missing", "no_file")
        except OSError:
            return self._without("unanswered", "not_readable")
        if content is None:
            return self._without("unanswered", "not_a_file")
        if len(content) > MAX_SIZE:
            return self._without("malformed", "too_large")
        return RawAnswer("answered", None, self._clock.read().at_ms, content)

    def _without(self, outcome: str, problem: str) -> RawAnswer:
        return RawAnswer(outcome, problem, self._clock.read().at_ms)  # type: ignore[arg-type]


def _content(path: Path) -> bytes | None:
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    with path.open("rb") as file:
        return file.read(MAX_SIZE + 1)
