"""Ledger heads leave the host at opening, at each intent and at the end (records.md, `Database`)."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Final

from runbook_gate.errors import LedgerUnwritable
from runbook_gate.ledger import KeptHead
from runbook_gate.ledger.chain import FINAL
from runbook_gate.models.entry import Entry

LONGEST_MESSAGE: Final = 4096  # what a kubelet reads of a termination message, in bytes
_OUTCOMES: Final = {kind: outcome for outcome, kind in FINAL.items()}
_ADVICE: Final = "Make it writable and start the same command again: the head is published then."


class Heads:
    """The places that heads are brought to. What cannot leave now is kept back, and leaves with the next one.

    Several threads may share them.

    Args:
        file: heads are added to it, a line each: at_ms, run, seq, sha256. None keeps none.
        message: holds the newest head of each run of this process as a line of JSON; in a Job its termination message.

    Attributes:
        problem: why heads are kept back; None if none are.
    """

    def __init__(self, file: Path | None, message: Path | None = None) -> None:
        self._file, self._message = file, message
        self._waiting: list[str] = []
        self._newest: dict[str, str] = {}
        self._torn = False
        self._turn = threading.Lock()
        self.problem: str | None = None

    @property
    def configured(self) -> bool:
        """Whether heads go anywhere."""
        return bool(self._file or self._message)

    def check(self) -> None:
        """See that heads can leave, before something happens that must not be lost.

        Raises:
            LedgerUnwritable: if a place cannot be opened for writing.
        """
        for setting, place in (("heads_file", self._file), ("termination_message", self._message)):
            try:
                if place:
                    os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
            except OSError as fault:
                raise LedgerUnwritable(f"{setting} {place}: {fault.strerror}.", advice=_ADVICE) from None

    def publish(self, entry: Entry) -> None:
        """Bring a head out, and those that were kept back. It never raises: what was recorded goes on."""
        with self._turn:
            if self._file:
                self._waiting.append(KeptHead.of(entry, entry.sha256).line())
            if self._message:
                self._newest.pop(entry.run, None)
                self._newest[entry.run] = _told(entry)
            self._bring()

    def settle(self) -> None:
        """Bring out what was kept back.

        Raises:
            LedgerUnwritable: if it still cannot leave.
        """
        with self._turn:
            if self.problem:
                self._bring()
            problem = self.problem
        if problem:
            raise LedgerUnwritable(f"{problem} All is recorded; its head is kept back.", advice=_ADVICE)

    def _bring(self) -> None:
        problems = []
        for setting, place, write in (
            ("heads_file", self._file, self._add),
            ("termination_message", self._message, self._replace),
        ):
            try:
                if place:
                    write(place)
            except OSError as fault:
                problems.append(f"{setting} {place}: {fault.strerror}.")
        self.problem = " ".join(problems) or None

    def _add(self, file: Path) -> None:
        data = ("\n" * self._torn + "".join(self._waiting)).encode("ascii")
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            written = os.write(descriptor, data)
            if written < len(data):
                self._torn = True
                os.write(descriptor, data[written:])
        finally:
            os.close(descriptor)
        self._waiting, self._torn = [], False

    def _replace(self, file: Path) -> None:
        """In its place: what a kubelet mounts there cannot be exchanged for another file."""
        while len(data := "".join(self._newest.values()).encode()) > LONGEST_MESSAGE:
            self._newest.pop(next(iter(self._newest)))
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)


def _told(entry: Entry) -> str:
    outcome = _OUTCOMES.get(entry.kind, "unfinished")
    document = {"run": entry.run, "task": entry.task, "seq": entry.seq, "head": entry.sha256, "outcome": outcome}
    return json.dumps(document) + "\n"
