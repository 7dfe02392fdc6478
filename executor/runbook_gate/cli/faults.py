"""Turns whatever ends a command early into one message and an exit status.

- With `-o json` the message is also the one document on stdout.
- Of an unexpected exception only its type and place are told: its text may hold what records.md drops. `--debug` adds
  the frames, and no text either.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from runbook_gate.cli.invocation import Invocation
from runbook_gate.errors import NoDecision, RunbookGateError
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.printable import printable


@dataclass(frozen=True)
class Fault:
    """What is told of an early end.

    Attributes:
        kind: class of the error.
        message: what happened; may have several lines.
        advice: how to mend it.
        status: what the process ends with.
        code: of a refused answer of the gate.
    """

    kind: str
    message: str
    advice: str
    status: ExitStatus
    code: str | None = None

    def told(self) -> dict[str, Any]:
        """For programs."""
        return {
            "kind": self.kind,
            "code": self.code,
            "message": self.message,
            "advice": self.advice,
            "exit_status": self.status.value,
        }


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `-o json` was given, told from the words alone: a command that is not understood has no options."""
    for index, word in enumerate(arguments):
        if word == "--":
            return False
        if word in {"-ojson", "--output=json"}:
            return True
        if word in {"-o", "--output"}:
            return arguments[index + 1 : index + 2] == ["json"]
    return False


def understood(error: BaseException) -> Fault:
    """What to tell of an error."""
    match error:
        case RunbookGateError():
            code = error.code if isinstance(error, NoDecision) else None
            return Fault(type(error).__name__, str(error), error.advice, error.exit_status, code)
        case click.exceptions.NoArgsIsHelpError():
            return Fault("UsageFault", "A command is missing.", error.format_message(), ExitStatus.USAGE)
        case click.ClickException():
            return Fault("UsageFault", error.format_message(), _usage(error), ExitStatus.USAGE)
        case click.Abort() | KeyboardInterrupt():
            advice = "Start the same command again; a run goes on from its ledger."
            return Fault("Interrupted", "Interrupted.", advice, ExitStatus.STOPPED)
    advice = "This is a bug: please report the line above. `runbook-gate --debug COMMAND` shows how it got there."
    return Fault("UnexpectedError", f"unexpected {_name(error)}{_place(error)}", advice, ExitStatus.UNEXPECTED)


def tell(error: BaseException, invocation: Invocation, *, as_json: bool) -> ExitStatus:
    """Tell it: for people on stderr or as the command's log has it, for programs on stdout.

    Returns:
        The exit status.
    """
    fault = understood(error)
    if invocation.debug:
        click.echo("".join(_frames(error)), err=True, nl=False)
    if invocation.failed is None:
        lines = [f"Error: {fault.message}", *([fault.advice] if fault.advice else [])]
        click.echo("\n".join(printable(line) for text in lines for line in text.splitlines()), err=True)
    else:
        invocation.failed(error)
    if as_json:
        click.echo(json.dumps({"error": fault.told()}, indent=2, ensure_ascii=False))
    return fault.status


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"See `{context.command_path} --help`." if context else "See `runbook-gate --help`."


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _place(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "runbook_gate" in frame.filename]
    if not frames:
        return ""
    file = frames[-1].filename
    return f" in {file[file.rindex('runbook_gate') :]}, line {frames[-1].lineno}"


def _frames(error: BaseException) -> Iterator[str]:
    below = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if below is not None:
        yield from _frames(below)
    yield from traceback.format_tb(error.__traceback__)
    yield f"{_name(error)}\n"
