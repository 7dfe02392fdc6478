"""Tells a run's progress on stderr, each thing after it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape

from runbook_gate.errors import NoDecision
from runbook_gate.models.decision import Decision
from runbook_gate.models.entry import Entry
from runbook_gate.packet.markdown import rfc3339

NAMES = {
    "cp0": "intake",
    "cp1": "revalidation",
    "cp2": "write",
    "cp3": "verification",
    "cp4": "completion",
}
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
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)

    def opened(self, entry: Entry) -> None:
        """The run, and its ledger head."""
        word = "opened" if entry.kind == "opened" else f"goes on after entry {entry.seq}"
        self._line(f"[bold]run {entry.run}[/] {word}, task {escape(entry.task)}, head {entry.sha256[:16]}")

    def observed(self, entry: Entry) -> None:
        """What an effect brought."""
        for line in told(entry.body):
            self._line(f"    {escape(line)}")

    def decided(self, entry: Entry, decision: Decision) -> None:
        """A checkpoint and its verdict."""
        colour, following = _COLOURS[decision.verdict], decision.next.action
        name = f"{decision.checkpoint} {NAMES[decision.checkpoint]}"
        self._line(f"[bold]{name:<17}[/] [{colour}]{decision.verdict}[/], next {escape(following)}")
        for denial in decision.denials:
            self._line(f"    [red]{escape(denial.code)}[/]: {escape(denial.message)}")

    def refused(self, fault: NoDecision) -> None:
        """No decision."""
        self._line(f"[bold red]no decision[/] {escape(fault.code)}: {escape(str(fault))}")

    def intended(self, entry: Entry) -> None:
        """An intent, before the write."""
        self._line(
            f"    intent of attempt {entry.attempt}: resourceVersion {escape(entry.body['resource_version'])}, "
            f"Audit-ID {entry.sha256[:16]}… (ledger head)"
        )

    def waiting(self, until_ms: int) -> None:
        """A wait."""
        self._line(f"    waiting until {rfc3339(until_ms)}")

    def ended(self, entry: Entry, packet: str | None) -> None:
        """The end, and its ledger head."""
        word = f"[bold red]escalated[/], packet {packet}" if packet else "[bold green]completed[/]"
        self._line(f"[bold]run {entry.run}[/] {word}, {entry.seq} entries, head {entry.sha256[:16]}")

    def _line(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


def told(body: dict[str, Any]) -> Iterator[str]:
    """An observation in a few lines."""
    match body["effect"]:
        case "gather":
            yield from _gathered(body)
        case "patch_labels":
            yield f"write   PATCH namespace: {_http(body['patched']['http'])}"
        case "resolve_write":
            yield f"read    {_namespace(body['read'])}"
            yield f"read    audit log: {body['audit']['outcome']}, {len(body['audit']['events'])} own event(s)"
        case "verify":
            for server in body["servers"]:
                yield from _round(server)
            yield f"read    audit log: {body['audit']['outcome']}, {len(body['audit']['events'])} probe event(s)"


def _gathered(body: dict[str, Any]) -> Iterator[str]:
    for name, answer in body["registers"].items():
        version = f", version {answer['version']}" if answer["version"] else ""
        yield f"read    register {name}: {answer['outcome']}{version}, {len(answer['records'])} record(s)"
    yield f"read    cluster: kube-system {body['cluster']['uid']}, as {body['identity']['username']}"
    yield f"read    {_namespace(body['first'])}"
    yield f"dry run PATCH namespace: {_http(body['dry_run']['http'])}"
    yield f"read    {_namespace(body['last'])}"


def _round(server: dict[str, Any]) -> Iterator[str]:
    yield f"read    {_namespace(server['first'])}"
    for probe in server["probes"]:
        yield f"probe   {probe['name']} dry-run create {probe['resource']}: {_http(probe['http'])}"
    yield f"read    {_namespace(server['last'])}"


def _namespace(read: dict[str, Any]) -> str:
    found = read["object"]
    if found is None:
        return f"namespace: {_http(read['http'])}"
    labels = found["labels"] or {}
    values = ", ".join(f"{key.rsplit('/', 1)[-1]}={value or '-'}" for key, value in sorted(labels.items()))
    return f"namespace {found['name']} at resourceVersion {found['resource_version']}: {values}"


def _http(http: dict[str, Any]) -> str:
    message, warned = http["message"] or {}, http["warnings"]["pod_security"]
    parts = [str(http["status"] or http["outcome"])]
    parts += [str(message[key]) for key in ("pattern", "level_version", "plugin") if message.get(key)]
    parts += [f"Warning {level}" for level in warned]
    return " ".join(parts)
