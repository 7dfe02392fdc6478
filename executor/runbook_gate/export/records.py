"""Recorded decisions of an export."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from runbook_gate.canonical import sha256_hex
from runbook_gate.dsse.statements import opened, parsed
from runbook_gate.errors import InvalidDocument, UnknownRecord, UsageFault
from runbook_gate.export import layout
from runbook_gate.export.unpacking import Unpacked
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger.chain import Chain, Link
from runbook_gate.ledger.streaming import WalkedRun
from runbook_gate.replay.records import Recorded, Unreadable
from runbook_gate.replay.selection import Selection
from runbook_gate.replay.stored import of_run
from runbook_gate.shapes import mapping, parse_object, sequence


class ExportedRecords:
    """The decisions in an export; nothing of it is trusted, its statement neither.

    Args:
        files: the export.
        name: for people.

    Raises:
        InvalidDocument: it has no statement that can be read.
    """

    def __init__(self, files: Unpacked, name: str) -> None:
        self._files, self.name = files, name
        self.statement = stated(files)

    def count(self, selection: Selection) -> int:
        """At most how many decisions `decisions` gives: entries, since nobody has read them yet."""
        lengths = (one.get("entries") for one in self.told() if selection.run in (None, one.get("run")))
        return sum(length for length in lengths if isinstance(length, int))

    def told(self) -> Iterator[Mapping[str, Any]]:
        """What the statement says of each run."""
        runs = sequence(mapping(self.statement.get("predicate")).get("runs"))
        return (mapping(one) for one in runs)

    def named(self, name: str) -> str:
        """The run of this name, or of the task of this name.

        Raises:
            UnknownRecord: there is neither.
        """
        for one in self.told():
            if name in (one.get("run"), one.get("task")):
                return str(one.get("run"))
        raise UnknownRecord(f"There is no run and no task {name} in {self.name}.", advice="Leave it out for all.")

    def bundle(self, digits: str) -> bytes:
        """A bundle file whose content or file digest begins so.

        Raises:
            UnknownRecord: there is none.
            UsageFault: bundles of several contents begin so.
        """
        found = dict[str, bytes]()
        for name in self._files.names("bundles/"):
            data = self._files.get(name) or b""
            with suppress(InvalidDocument):
                bundle = Bundle.parse(data, source=name)
                if bundle.content_sha256.startswith(digits) or bundle.bundle_sha256.startswith(digits):
                    found[bundle.content_sha256] = data
        if not found:
            raise UnknownRecord(f"There is no bundle {digits} in {self.name}.", advice="Leave it out for none.")
        if len(found) > 1:
            raise UsageFault(f"{digits}: {len(found)} bundles in {self.name} begin so.", advice="Give more digits.")
        return next(iter(found.values()))

    def runs(self) -> Iterator[WalkedRun]:
        """Every run, its chain checked against itself and the head that the statement names."""
        heads = {one.get("run"): one for one in self.told()}
        for folder in folders(self._files):
            run = _walked(self._files, folder)
            yield _ended(run[0], run[1], heads.get(run[0].id))

    def decisions(self, selection: Selection) -> Iterator[Recorded | Unreadable]:
        """The selected decisions, run after run."""
        for run in self.runs():
            if selection.admits_run(run.id, run.runbook, run.target_key):
                yield from of_run(run, selection)

    def evidence(self, digests: Collection[str]) -> Mapping[str, bytes]:
        """Evidence by digest, bundle files too; the bytes are not checked."""
        found = dict[str, bytes]()
        for digest in digests:
            data = self._files.get(layout.evidence(digest)) or self._files.get(layout.bundle(digest))
            if data is not None:
                found[digest] = data
        return found


def stated(files: Unpacked) -> Mapping[str, Any]:
    """The statement of an export, its signature not looked at.

    Raises:
        InvalidDocument: there is none, there are two, or it does not name each run once.
    """
    plain, signed = files.get(layout.PLAIN), files.get(layout.SIGNED)
    if (plain is None) == (signed is None):
        raise InvalidDocument(f"The export has not exactly one of {layout.PLAIN} and {layout.SIGNED}.")
    said = opened(signed, None, layout.SIGNED).statement if signed is not None else parsed(plain or b"", layout.PLAIN)
    names = [mapping(one).get("run") for one in sequence(mapping(said.get("predicate")).get("runs"))]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise InvalidDocument("The statement of the export does not name each run once.")
    return said


def folders(files: Unpacked) -> Iterator[str]:
    """The folder of each run; empty for that of a run alone."""
    if any(True for _ in files.names("entries/")):
        yield ""
    last = ""
    for name in files.names("runs/"):
        folder = name[: name.index("/", len("runs/")) + 1]
        if folder != last:
            yield folder
        last = folder


def _walked(files: Unpacked, folder: str) -> tuple[WalkedRun, Chain]:
    names = list(files.names(f"{folder}entries/"))
    first = parse_object(files.get(names[0]) or b"") if names else {}
    chain, entries, decisions = Chain("run", str(first.get("run"))), list[dict[str, Any]](), list[int]()
    for name in names:
        data = files.get(name) or b""
        seq, kind, sha256 = int(name[-11:-5]), str(parse_object(data).get("kind")), sha256_hex(data)
        decisions += [seq] if kind == "decision" else []
        fields = chain.add(Link(seq, kind, sha256, data))
        entries += [{**fields, "sha256": sha256}] if fields is not None else []
    target = mapping(first.get("body")).get("target_key")
    run = WalkedRun(str(first.get("run")), str(first.get("runbook")), str(target), None, entries, decisions)
    return run, chain


def _ended(run: WalkedRun, chain: Chain, told: Mapping[str, Any] | None) -> WalkedRun:
    """The run with the break of its chain, if there is one: where it ends is what the statement says."""
    said = mapping(told)
    entries, head = said.get("entries"), said.get("head")
    chain.end(entries if isinstance(entries, int) else 0, head if isinstance(head, str) else None)
    return WalkedRun(run.id, run.runbook, run.target_key, chain.broken, run.entries, run.decisions)
