"""Every event of an audit log from its first to its last, in flat memory."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from runbook_gate.audit.files import STAMP, rotated
from runbook_gate.audit.lines import lines_forwards
from runbook_gate.audit.look import parsed
from runbook_gate.errors import UsageFault
from runbook_gate.shapes import text
from runbook_gate.timestamps import rfc3339_ms

_ROTATED: Final = re.compile(rf"(.*){STAMP}(\.[^.]*)(?:\.gz)?")


class WholeLog:
    """An audit log, the files it was rotated into included. It may grow and be rotated while it is read.

    The current file is read before the others are listed, so that what is rotated meanwhile is read twice rather than
    not at all.

    Args:
        path: the current file, or one of the rotated ones.

    Attributes:
        path: the current file.
        files: how many were read.
        events: how many events were in them.
        malformed: how many lines were no event.
        first_ms: the oldest event, by the API server's clock; None without one.
        last_ms: the newest.
    """

    def __init__(self, path: Path) -> None:
        found = _ROTATED.fullmatch(path.name)
        self.path = path.with_name(found[1] + found[2]) if found else path
        self._given = path
        self.files = self.events = self.malformed = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    def covers(self, from_ms: int, until_ms: int) -> bool:
        """Whether the log has events from before and after a time."""
        if self.first_ms is None or self.last_ms is None:
            return False
        return self.first_ms <= from_ms and until_ms <= self.last_ms

    def read(self) -> Iterator[Mapping[str, Any]]:
        """Yield every event. One whose file was rotated meanwhile may come twice.

        Raises:
            UsageFault: a file cannot be read, naming it.
        """
        if self.path == self._given or self.path.exists():
            yield from self._events(self.path)
        try:
            older = rotated(self.path, packed=True)
        except OSError as fault:
            raise _unreadable(self.path.parent, fault.strerror) from None
        for file in older:
            if file == self._given or file.exists():  # the oldest may be removed meanwhile
                yield from self._events(file)

    def _events(self, file: Path) -> Iterator[Mapping[str, Any]]:
        self.files += 1
        try:
            with closing(_opened(file)) as source:
                for line in lines_forwards(source):
                    event = parsed(line or b"null")
                    stage_ms = rfc3339_ms(event.get("stageTimestamp"))
                    if stage_ms is not None and text(event.get("auditID")):
                        self._note(stage_ms)
                        yield event
                    elif line is None or line.endswith(b"\n"):
                        self.malformed += 1
        except OSError as fault:
            raise _unreadable(file, fault.strerror or "it is not packed with gzip") from None
        except (EOFError, zlib.error):
            raise _unreadable(file, "it is packed with gzip and damaged") from None

    def _note(self, stage_ms: int) -> None:
        self.events += 1
        self.first_ms = min(stage_ms, self.first_ms or stage_ms)
        self.last_ms = max(stage_ms, self.last_ms or stage_ms)


def _opened(file: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def _unreadable(file: Path, why: str | None) -> UsageFault:
    return UsageFault(f"{file}: {why}.", advice="Give the audit log of each API server, readable for this user.")
