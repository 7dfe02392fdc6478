"""What `ledger verify` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runbook_gate.ledger.chain import Break
from runbook_gate.ledger.heads import KeptHead

CONSISTENT: Final = "chain consistent"


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found of one chain.

    Attributes:
        chain: the run; `store` for the store's own chain.
        entries: entries that agree, up to the first break.
        head: sha256 of the newest of them.
        broken: the first break; None if there is none.
        evidence_missing: digests that its entries name and the store lacks.
        evidence_altered: digests that its entries name and whose bytes are others.
    """

    chain: str
    entries: int
    head: str | None
    broken: Break | None
    evidence_missing: tuple[str, ...] = ()
    evidence_altered: tuple[str, ...] = ()

    @property
    def consistent(self) -> bool:
        """Whether nothing is wrong with it."""
        return not (self.broken or self.evidence_missing or self.evidence_altered)

    @property
    def result(self) -> str:
        """What was found, in words."""
        if self.broken:
            return f"chain broken: {self.broken}"
        found = [
            f"{len(digests)} {word}"
            for digests, word in ((self.evidence_missing, "missing"), (self.evidence_altered, "altered"))
            if digests
        ]
        return f"{CONSISTENT}, evidence: {', '.join(found)}" if found else CONSISTENT


@dataclass(frozen=True, slots=True)
class HeadReport:
    """Where a head that was kept elsewhere is found.

    Attributes:
        sha256: the head.
        chain: the run or `store` that has it; None if no chain does: entries were lost or rewritten.
        seq: its position.
        later: how many entries follow it.
        kept: the head as it was noted.
    """

    sha256: str
    chain: str | None
    seq: int | None
    later: int
    kept: KeptHead


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was found.

    Attributes:
        chains: every chain, runs in order of their ids, the store's own last.
        evidence_altered: every altered evidence of the store, named by an entry or not.
        heads: the heads that were asked for.
    """

    chains: tuple[ChainReport, ...]
    evidence_altered: tuple[str, ...] = ()
    heads: tuple[HeadReport, ...] = ()

    @property
    def lost(self) -> tuple[HeadReport, ...]:
        """The heads that are not there."""
        return tuple(head for head in self.heads if head.chain is None)

    @property
    def consistent(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.evidence_altered) and all(chain.consistent for chain in self.chains)

    @property
    def result(self) -> str:
        """What was found, in words; never more than that the chains are consistent."""
        wrong = [f"{chain.chain}: {chain.result}" for chain in self.chains if not chain.consistent]
        if self.lost:
            wrong.append(f"{len(self.lost)} of {len(self.heads)} heads not in this store: entries lost or rewritten")
        if wrong:
            return "; ".join(wrong)
        return f"{len(self.evidence_altered)} evidence altered" if self.evidence_altered else CONSISTENT
