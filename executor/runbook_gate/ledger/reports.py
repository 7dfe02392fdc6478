"""What `ledger verify` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runbook_gate.ledger.chain import Break

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
    """

    sha256: str
    chain: str | None
    seq: int | None
    later: int


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was found.

    Attributes:
        chains: every chain, runs in order of their ids, the store's own last.
        evidence_altered: every altered evidence of the store, named by an entry or not.
        head: the head that was asked for; None if none was.
    """

    chains: tuple[ChainReport, ...]
    evidence_altered: tuple[str, ...] = ()
    head: HeadReport | None = None

    @property
    def consistent(self) -> bool:
        """Whether nothing is wrong."""
        found = self.head is None or self.head.chain is not None
        return found and not self.evidence_altered and all(chain.consistent for chain in self.chains)

    @property
    def result(self) -> str:
        """What was found, in words; never more than that the chains are consistent."""
        if self.head is not None and self.head.chain is None:
            return "the head is not in this store: entries were lost or rewritten"
        wrong = [f"{chain.chain}: {chain.result}" for chain in self.chains if not chain.consistent]
        if wrong:
            return "; ".join(wrong)
        return f"{len(self.evidence_altered)} evidence altered" if self.evidence_altered else CONSISTENT
