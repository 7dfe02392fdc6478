"""Tells a run's progress on stderr, each thing after it was recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from runbook_gate.checkpoints import NAMES
from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry
from runbook_gate.printable import printable
from runbook_gate.timestamps import rfc3339

_COLOURS = {
    "proceed": "green",
    "complete": "bold green",
    "wait": "yellow",
    "retry": "yellow",
    "escalate": "bold red",
}


class Teller:
    """A narrator for people.

    Args:
        console: where it is told; stderr by default.
        wrap: whether long lines are wrapped between words and indented; default: on a terminal. Elsewhere each is one
            line, for grep.
    """

    def __init__(self, console: Console | None = None, *, wrap: bool | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._wrap = self._console.is_terminal if wrap is None else wrap
        self._namespace = ""

    def opened(self, entry: Entry) -> None:
        """The run, and its ledger head."""
        word = "opened" if entry.kind == "opened" else f"goes on after entry {entry.seq}"
        self._line(f"[bold]run {_shown(entry.run)}[/] {word}, task {_shown(entry.task)}, head {entry.sha256[:16]}")

    def observed(self, entry: Entry) -> None:
        """What an effect brought."""
        for word, what in told(entry.body):
            self._line(f"{word:<8}{_shown(self._briefly(what))}", indent=4, hang=12)

    def decided(self, entry: Entry, decision: Decision) -> None:
        """A checkpoint and its verdict."""
        colour, following = _COLOURS[decision.verdict], decision.next.action
        name = f"{decision.checkpoint} {NAMES[decision.checkpoint]}"
        self._line(f"[bold]{name:<17}[/] [{colour}]{decision.verdict}[/], next {_shown(following)}")
        for denial in decision.denials:
            self._line(f"[{colour}]{_shown(denial.code)}[/]: {_shown(denial.message)}", indent=4, hang=6)

    def refused(self, fault: NoDecision) -> None:
        """No decision."""
        self._line(f"[bold red]no decision[/] {_shown(fault.code)}: {_shown(fault)}", hang=2)

    def intended(self, entry: Entry) -> None:
        """An intent, before the write."""
        version, head = _shown(entry.body["resource_version"]), entry.sha256[:16]
        self._line(f"intent  attempt {entry.attempt}, resourceVersion {version}, Audit-ID {head}…", indent=4, hang=12)

    def waiting(self, until_ms: int) -> None:
        """A wait."""
        self._line(f"waiting until {rfc3339(until_ms)}", indent=4, hang=6)

    def kept_back(self, problem: str) -> None:
        """A head that cannot leave."""
        self._line(f"[bold yellow]head kept back[/]: {_shown(problem)}", indent=4, hang=6)

    def ended(self, entry: Entry, packet: str | None) -> None:
        """The end, and its ledger head."""
        word = f"[bold red]escalated[/], packet {packet}" if packet else "[bold green]completed[/]"
        self._line(f"[bold]run {_shown(entry.run)}[/] {word}, {entry.seq} entries, head {entry.sha256[:16]}", hang=2)

    def _briefly(self, what: str) -> str:
        """A namespace that is as it was told last need not be told again."""
        if not what.startswith("namespace "):
            return what
        seen, self._namespace = self._namespace, what
        return f"{what.partition(': ')[0]}, unchanged" if what == seen else what

    def _line(self, markup: str, *, indent: int = 0, hang: int = 2) -> None:
        # Nobody listening is no reason to stop between an intent and its write. rich leaves by SystemExit.
        with contextlib.suppress(OSError, ValueError, SystemExit):
            self._print(markup, indent, hang)

    def _print(self, markup: str, indent: int, hang: int) -> None:
        text, console = Text.from_markup(markup), self._console
        lines = _wrapped(text, console, indent, hang) if self._wrap else [text]
        for number, line in enumerate(lines):
            console.print(Text(" " * (hang if number else indent)) + line, soft_wrap=True)


def _wrapped(text: Text, console: Console, indent: int, hang: int) -> list[Text]:
    """The first line may be longer than the others by what it is indented less."""
    first = text.wrap(console, max(console.width - indent, 20))[0]
    first.rstrip()
    rest = text[len(first) :]
    rest = rest[len(rest) - len(rest.plain.lstrip()) :] if rest.plain.strip() else Text()
    lines = [first, *(rest.wrap(console, max(console.width - hang, 20)) if rest else [])]
    for line in lines:
        line.rstrip()
    return lines


def _shown(value: object) -> str:
    return escape(printable(value))


def told(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """An observation in a few lines: a word, and what it is about."""
    match body["effect"]:
        case "gather":
            yield from _gathered(body)
        case "patch_labels":
            yield "write", f"PATCH namespace: {_http(body['patched']['http'])}"
        case "resolve_write":
            yield "read", _namespace(body["read"])
            yield "read", f"audit log: {body['audit']['outcome']}, {_count(len(body['audit']['events']), 'own event')}"
        case "verify":
            for server in body["servers"]:
                yield from _round(server)
            yield (
                "read",
                f"audit log: {body['audit']['outcome']}, {_count(len(body['audit']['events']), 'probe event')}",
            )


def _gathered(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, answer in body["registers"].items():
        version = f", version {answer['version']}" if answer["version"] else ""
        yield "read", f"register {name}: {answer['outcome']}{version}, {_count(len(answer['records']), 'record')}"
    yield "read", f"cluster: kube-system {body['cluster']['uid']}, as {body['identity']['username']}"
    yield "read", _namespace(body["first"])
    yield "dry run", f"PATCH namespace: {_http(body['dry_run']['http'])}"
    yield "read", _namespace(body["last"])


def _round(server: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "read", _namespace(server["first"])
    for probe in server["probes"]:
        yield "probe", f"{probe['name']} dry-run create {probe['resource']}: {_http(probe['http'])}"
    yield "read", _namespace(server["last"])


def _namespace(read: dict[str, Any]) -> str:
    found = read["object"]
    if found is None:
        return f"namespace: {_http(read['http'])}"
    return f"namespace {found['name']} at resourceVersion {found['resource_version']}: {_labels(found['labels'])}"


def _labels(labels: dict[str, str | None] | None) -> str:
    if not labels:
        return "no labels that can be read"
    there = {key.rsplit("/", 1)[-1]: value for key, value in sorted(labels.items()) if value is not None}
    absent = len(labels) - len(there)
    told = [f"{key}={value}" for key, value in there.items()]
    return ", ".join([*told, f"{absent} of {len(labels)} labels absent"] if absent else told)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _http(http: dict[str, Any]) -> str:
    message, warned = http["message"] or {}, http["warnings"]["pod_security"]
    parts = [str(http["status"] or http["outcome"])]
    parts += [str(message[key]) for key in ("pattern", "level_version", "plugin") if message.get(key)]
    parts += [f"Warning {level}" for level in warned]
    return " ".join(parts)
