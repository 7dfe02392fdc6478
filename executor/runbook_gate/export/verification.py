"""`evidence verify`: whether everything in an export belongs together, and who signed that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from runbook_gate.canonical import sha256_hex
from runbook_gate.core.history import History
from runbook_gate.dsse.statements import opened
from runbook_gate.errors import InvalidDocument
from runbook_gate.export import layout
from runbook_gate.export.records import ExportedRecords, folders
from runbook_gate.export.unpacking import Unpacked
from runbook_gate.ledger.streaming import WalkedRun
from runbook_gate.ledger.walking import named_evidence
from runbook_gate.packet.doubting import disagreement
from runbook_gate.replay.examination import Refused, examine
from runbook_gate.replay.records import Recorded, Unreadable
from runbook_gate.replay.selection import Selection
from runbook_gate.shapes import mapping, sequence

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S+)")
_STATES: Final = {"completed": "complete", "escalated": "escalated"}


@dataclass
class Found:
    """What was found in an export.

    Attributes:
        runs: how many there are.
        entries: how many entries agree with each other.
        decisions: how many decisions are what their evidence says.
        signer: id of the key that signed it; None if none was looked for.
        signed: whether it has a signature at all.
        wrong: what is not as it should be.
    """

    runs: int = 0
    entries: int = 0
    decisions: int = 0
    signer: str | None = None
    signed: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def result(self) -> str:
        """In words; never more than what was looked at."""
        if self.wrong:
            return f"not as recorded: {len(self.wrong)} found"
        if self.signer:
            return f"chain consistent, signed by {self.signer}"
        return f"chain consistent, {'signature not checked: give --key' if self.signed else 'not signed'}"


def verify(files: Unpacked, public: EllipticCurvePublicKey | None) -> Found:
    """Verify an export.

    Args:
        files: the export.
        public: whose signature it has to have; None to look for none.
    """
    found = Found(signed=layout.SIGNED in files)
    try:
        records = ExportedRecords(files, "an export")
        if public is not None:
            found.signer = opened(files.get(layout.SIGNED) or b"", public, layout.SIGNED).signer
    except InvalidDocument as fault:
        found.wrong.append(str(fault))
        return found
    found.wrong += _listed(files)
    found.wrong += _subjects(files, records.statement)
    found.wrong += _runs(files, records, found)
    found.wrong += _decisions(records, found)
    return found


def _listed(files: Unpacked) -> Iterator[str]:
    """The list names each file once, with its digest, and what is named by a digest has it."""
    listed = dict[str, str]()
    for line in (files.get(layout.SUMS) or b"").decode("ascii", "replace").splitlines():
        row = _LINE.fullmatch(line)
        if row is None or row[2] in listed:
            yield f"{layout.SUMS}: a line that is none, or a name twice"
        else:
            listed[row[2]] = row[1]
    for name in files.names():
        if name in (layout.SUMS, layout.PLAIN, layout.SIGNED):
            continue
        sha256 = sha256_hex(files.get(name) or b"")
        if listed.pop(name, None) != sha256:
            yield f"{name}: not as {layout.SUMS} says"
        folder, _, named = name.partition("/")
        if folder in ("evidence", "bundles") and named.partition(".")[0] != sha256:
            yield f"{name}: altered"
    yield from (f"{name}: missing" for name in listed)


def _subjects(files: Unpacked, statement: Mapping[str, Any]) -> Iterator[str]:
    """What the statement is about is there; the list is among it, so that nothing else can be changed either."""
    names = set[str]()
    for subject in sequence(statement.get("subject")):
        name, sha256 = mapping(subject).get("name"), mapping(mapping(subject).get("digest")).get("sha256")
        data = files.get(name) if isinstance(name, str) else None
        names.add(str(name))
        if data is None or sha256_hex(data) != sha256:
            yield f"{str(name)[:100]}: not as the statement says"
    if layout.SUMS not in names:
        yield f"the statement is not about {layout.SUMS}"
    if statement.get("predicateType") != layout.PREDICATE:
        yield "the statement is of another type"


def _runs(files: Unpacked, records: ExportedRecords, found: Found) -> Iterator[str]:
    told = {str(one.get("run")): one for one in records.told()}
    missing = set(map(str, sequence(mapping(records.statement.get("predicate")).get("evidence_missing"))))
    yield from (f"evidence {digest}: was missing when this was exported" for digest in sorted(missing))
    for folder, run in zip(folders(files), records.runs(), strict=True):
        found.runs += 1
        found.entries += len(run.entries)
        said = told.pop(run.id, None)
        if said is None:
            yield f"run {run.id}: the statement does not name it, or the export has it twice"
        if run.broken:
            yield f"run {run.id}: chain broken: {run.broken}"
        elif said is not None:
            yield from _run(files, run, folder, said, missing)
    yield from (f"run {run[:64]}: missing" for run in told)


def _run(files: Unpacked, run: WalkedRun, folder: str, said: Mapping[str, Any], missing: set[str]) -> Iterator[str]:
    opened_, newest = run.entries[0], run.entries[-1]
    state = _STATES.get(newest["kind"], "active")
    facts = (opened_.get("task"), run.runbook, run.target_key, state)
    if facts != tuple(said.get(name) for name in ("task", "runbook", "target_key", "state")):
        yield f"run {run.id}: the statement says something else of it"
    named = set[str]().union(*map(named_evidence, run.entries)) - missing
    for digest in sorted(named):
        if layout.evidence(digest) not in files and layout.bundle(digest) not in files:
            yield f"evidence {digest}: missing"
    if state != "active" and (why := _disagreement(files, run, folder + layout.RECORDS[state])):
        yield f"run {run.id}: {layout.RECORDS[state]} {why}"


def _disagreement(files: Unpacked, run: WalkedRun, name: str) -> str | None:
    """How the record that a run left is not what its entries give."""
    kept = files.get(name)
    if kept is None:
        return "is missing"
    try:
        history = History.of(run.entries)
    except ValidationError:
        return None  # its decisions are told as unreadable
    return disagreement(history, kept, lambda sha256: files.get(layout.evidence(sha256)))


def _decisions(records: ExportedRecords, found: Found) -> Iterator[str]:
    """Each decision is what its question and answer say."""
    for one in records.decisions(Selection()):
        examined: object = one
        if isinstance(one, Recorded):
            examined = examine(one, records.evidence([one.request_sha256, one.answer_sha256]))
        if isinstance(examined, Refused):
            yield f"run {examined.recorded.run}, decision {examined.recorded.seq}: {examined.detail}"
        elif isinstance(examined, Unreadable):
            yield f"run {examined.run}, decision {examined.seq}: {examined.detail}"
        else:
            found.decisions += 1
