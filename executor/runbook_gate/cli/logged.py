"""Logs on stderr, a line each: of a run the digests, codes and verdicts that its ledger has, and nothing else of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, TextIO, TypeVar

import click
import structlog

from runbook_gate.cli.faults import understood
from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry
from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339

F = TypeVar("F", bound=Callable[..., Any])


def log_option(command: F) -> F:
    """Adds `--log`."""
    return click.option(
        "--log",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How each line on stderr is written.",
    )(command)


class Log:
    """Lines of one process; several threads may write them.

    Args:
        form: `text` or `json`.
        file: where they go; default: stderr.
    """

    def __init__(self, form: str, file: TextIO | None = None) -> None:
        render = structlog.processors.JSONRenderer(sort_keys=False) if form == "json" else _text
        made: list[structlog.typing.Processor] = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True),
            render,
        ]
        self._lines, self._unwritten = (
            structlog.wrap_logger(logger, processors=made, wrapper_class=structlog.BoundLogger)
            for logger in (structlog.PrintLogger(file or sys.stderr), structlog.ReturnLogger())
        )

    def stopping(self) -> str:
        """The line that says so, for a signal handler to write: it may not wait for a thread that writes one."""
        return str(self._unwritten.info("stopping"))

    def line(self, event: str, *, level: str = "info", **fields: Any) -> None:
        """One line. Nobody listening is no reason to stop between an intent and its write."""
        told = {name: value for name, value in fields.items() if value is not None}
        with suppress(OSError, ValueError):
            getattr(self._lines, level)(event, **told)

    def fault(self, subject: str, error: Exception) -> None:
        """A task, a run, a packet or a notification has a fault of its own."""
        kind, _, name = subject.partition(" ")
        self.line("fault", level="warning", **{kind: name}, **_told(error))

    def trouble(self, error: Exception, again_s: float) -> None:
        """Nothing can be done for a while."""
        self.line("trouble", level="error", again_s=round(again_s, 1), **_told(error))

    def failed(self, error: BaseException) -> None:
        """What ends the process."""
        self.line("failed", level="error", **_told(error))

    def narrator(self) -> LoggedRun:
        """A narrator of one run after the other."""
        return LoggedRun(self)


class LoggedRun:
    """A narrator whose every line says of which run it is.

    Args:
        log: has the lines.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._of: dict[str, Any] = {}
        self._write: dict[str, Any] = {}

    def opened(self, entry: Entry) -> None:
        """The run, and its ledger head."""
        self._of, self._write = {"run": entry.run, "task": entry.task}, {}
        self._entry("run_opened" if entry.kind == "opened" else "run_resumed", entry, runbook=entry.runbook)

    def observed(self, entry: Entry) -> None:
        """What effect brought an observation."""
        self._entry("observed", entry, effect=entry.body["effect"])

    def decided(self, entry: Entry, decision: Decision) -> None:
        """A checkpoint and its verdict."""
        codes = sorted({denial.code for denial in decision.denials})
        self._entry("decided", entry, verdict=decision.verdict, next=decision.next.action, codes=codes)

    def refused(self, fault: NoDecision) -> None:
        """No decision."""
        self._log.line("no_decision", level="warning", **self._of, codes=[fault.code])

    def intended(self, entry: Entry) -> None:
        """An intent, before the write: its digest is the Audit-ID of the request, which every later line names."""
        self._write = {"attempt": entry.attempt, "audit_id": entry.sha256}
        self._entry("intent", entry)

    def waiting(self, until_ms: int) -> None:
        """A wait."""
        self._log.line("waiting", **self._of, until=rfc3339(until_ms))

    def kept_back(self, problem: str) -> None:
        """A head that cannot leave."""
        self._log.line("head_kept_back", level="warning", **self._of, problem=printable(problem))

    def ended(self, entry: Entry, packet: str | None) -> None:
        """The end, and its ledger head."""
        outcome, codes = ("escalated", entry.body["codes"]) if packet else ("complete", None)
        self._entry("run_ended", entry, outcome=outcome, codes=codes, packet=packet)

    def _entry(self, event: str, entry: Entry, **fields: Any) -> None:
        place: dict[str, Any] = {"checkpoint": entry.checkpoint, "seq": entry.seq, "head": entry.sha256}
        self._log.line(event, **self._of, **place, **self._write, **fields)


def _told(error: BaseException) -> dict[str, Any]:
    fault = understood(error)
    return {"kind": fault.kind, "code": fault.code, "message": fault.message, "advice": fault.advice or None}


def _text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`12:00:00Z info decided run=... verdict=proceed`, for people and for grep."""
    first = [str(event.pop(name)) for name in ("timestamp", "level", "event")]
    told = [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in event.items()]
    return " ".join([*first, *map(printable, told)])
