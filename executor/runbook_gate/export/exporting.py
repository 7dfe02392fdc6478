"""Puts runs of a ledger into an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from runbook_gate.dsse.statements import signed, statement
from runbook_gate.errors import LedgerBroken
from runbook_gate.export import layout
from runbook_gate.export.guide import guide
from runbook_gate.export.packing import Packing
from runbook_gate.ledger.chain import intact
from runbook_gate.ledger.streaming import Reading
from runbook_gate.packet.build import evidence_digests
from runbook_gate.queries.records import Told

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


@dataclass
class Exported:
    """What an export holds.

    Attributes:
        runs: what is said of each run.
        subjects: digest by file, of what is signed.
        missing: digests that entries name and the ledger lacks.
    """

    runs: list[dict[str, Any]] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


def export(
    runs: Iterable[Told], reading: Reading, out: IO[bytes], *, alone: bool, key: EllipticCurvePrivateKey | None
) -> Exported:
    """Export runs.

    Args:
        runs: whose chains were checked.
        reading: of their ledger.
        out: where to.
        alone: there is exactly one run, whose files need no folder of their own.
        key: signs the statement; None to leave it unsigned.

    Returns:
        What it holds.

    Raises:
        LedgerBroken: evidence was altered, or an entry changed meanwhile.
    """
    made = Exported()
    with Packing(out) as packing:
        for run in runs:
            _add(run, reading, packing, made, "" if alone else f"runs/{run.id}/")
        packing.add(layout.GUIDE, guide(alone=alone, signed=key is not None))
        made.subjects[layout.SUMS] = packing.add_list()
        predicate = {"schema": 1, "runs": made.runs, "evidence_missing": sorted(made.missing)}
        payload = statement(made.subjects, layout.PREDICATE, predicate)
        name, data = (layout.PLAIN, payload) if key is None else (layout.SIGNED, signed(payload, key))
        packing.add_last(name, data)
    return made


def _add(run: Told, reading: Reading, packing: Packing, made: Exported, folder: str) -> None:
    entries = run.history.entries
    for seq, data in reading.raw(run.id, len(entries)):
        if not intact(data, entries[seq - 1].sha256):
            raise LedgerBroken(f"entry {seq} of run {run.id} was altered")
        head = packing.add(layout.entry(folder, seq), data)
    made.subjects[layout.entry(folder, len(entries))] = head
    digests = sorted({pins.bundle_sha256 for _, pins in run.policies})
    named = {digest: layout.bundle(digest) for digest in digests}
    made.subjects |= {name: digest for digest, name in named.items()}
    if run.record_sha256:
        named[run.record_sha256] = record = folder + layout.RECORDS[run.state]
        made.subjects[record] = run.record_sha256
    named |= {digest: layout.evidence(digest) for digest in evidence_digests(run.history)}
    for digest, data in _kept(reading, named, made):
        packing.add_once(named[digest], lambda data=data: data)  # type: ignore[misc]
    made.subjects = {name: sha256 for name, sha256 in made.subjects.items() if sha256 not in made.missing}
    made.runs.append(
        {
            "run": run.id,
            "task": entries[0].task,
            "runbook": run.runbook,
            "target_key": run.target_key,
            "state": run.state,
            "entries": len(entries),
            "head": head,
            "policies": [pins.content_sha256 for _, pins in run.policies],
        }
    )


def _kept(reading: Reading, named: Iterable[str], made: Exported) -> Iterator[tuple[str, bytes]]:
    """The evidence that there is; the digests of the rest are noted."""
    wanted = list(named)
    found = reading.evidence(wanted)
    for digest in wanted:
        if digest not in found:
            made.missing.add(digest)
        elif not intact(found[digest], digest):
            raise LedgerBroken(f"evidence {digest} was altered")
        else:
            yield digest, found[digest]
