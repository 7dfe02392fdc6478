"""Seals: the heads of every chain and the seal before, signed and kept outside the store.

Whoever owns the store can write an unkeyed chain anew. What was sealed before shows it, as long as its key is safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runbook_gate.canonical import sha256_hex
from runbook_gate.dsse.statements import Stated, opened, signed, statement
from runbook_gate.errors import InvalidDocument
from runbook_gate.ledger import KeptHead, Verification
from runbook_gate.shapes import integer, mapping, sequence, text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

PREDICATE: Final = "urn:runbook-gate:ledger-seal/v1"


@dataclass(frozen=True)
class Seal:
    """A seal whose signature fits.

    Attributes:
        file: its name, for messages.
        sha256: digest of the file, by which the next seal names it.
        signer: id of the key that signed it.
        store: the store that it seals.
        seq: how long the store's own chain was.
        at_ms: when, by the wall clock of whoever sealed.
        previous: digest of the seal before; None of the first.
        heads: of every chain.
    """

    file: str
    sha256: str
    signer: str
    store: str
    seq: int
    at_ms: int
    previous: str | None
    heads: Sequence[KeptHead]


def make(found: Verification, *, store: str, at_ms: int, previous: Seal | None, key: EllipticCurvePrivateKey) -> bytes:
    """Seal what was verified.

    Args:
        found: of a whole store, consistent.
        store: id of the store.
        at_ms: wall clock.
        previous: the seal before; None if this is the first.
        key: signs it.

    Returns:
        The seal, a DSSE envelope.
    """
    heads = {f"{chain.chain}/{chain.entries}": chain.head for chain in found.chains if chain.head}
    own = next((chain.entries for chain in found.chains if chain.chain == "store"), 0)
    before = previous.sha256 if previous else None
    predicate = {"schema": 1, "store": store, "seq": own, "sealed_ms": at_ms, "previous": before}
    return signed(statement(heads, PREDICATE, predicate), key)


def read(file: Path, public: EllipticCurvePublicKey) -> Seal:
    """Read a seal.

    Args:
        file: the seal.
        public: the key whose signature it has to have.

    Raises:
        InvalidDocument: it cannot be read, is no seal, or that key did not sign it.
    """
    try:
        raw = file.read_bytes()
    except OSError as fault:
        raise InvalidDocument(f"{file}: {fault.strerror}.") from None
    stated = opened(raw, public, str(file))
    seal = _seal(stated, file, sha256_hex(raw))
    if seal is None:
        raise InvalidDocument(f"{file}: not a seal of a ledger.", advice="Make one with `runbook-gate ledger seal`.")
    return seal


def gaps(seals: Sequence[Seal], store: str) -> list[str]:
    """How seals do not belong to this store, or do not follow each other.

    Args:
        seals: in any order.
        store: id of the store.
    """
    wrong = [f"{seal.file}: the seal of another ledger" for seal in seals if seal.store != store]
    ordered = sorted(seals, key=lambda seal: (seal.seq, seal.at_ms))
    known = {seal.sha256 for seal in seals}
    for before, one in pairwise(ordered):
        if one.previous not in known:
            wrong.append(f"{one.file}: the seal before it is not among these")
        elif one.previous != before.sha256:
            wrong.append(f"{one.file}: follows another seal than {before.file}, which is the one before it")
    return wrong


def newest(seals: Sequence[Seal]) -> Seal:
    """The one that reaches furthest."""
    return max(seals, key=lambda seal: (seal.seq, seal.at_ms))


def _seal(stated: Stated, file: Path, sha256: str) -> Seal | None:
    said = mapping(stated.statement.get("predicate"))
    store, seq, at_ms, previous = (
        text(said.get("store")),
        integer(said.get("seq")),
        integer(said.get("sealed_ms")),
        said.get("previous"),
    )
    heads = [_head(mapping(subject), at_ms or 0) for subject in sequence(stated.statement.get("subject"))]
    kind = (stated.statement.get("predicateType"), said.get("schema"))
    if kind != (PREDICATE, 1) or store is None or seq is None or at_ms is None or None in heads:
        return None
    before = previous if isinstance(previous, str) else None
    kept = [head for head in heads if head]
    return Seal(str(file), sha256, str(stated.signer), store, seq, at_ms, before, kept)


def _head(subject: Mapping[str, Any], at_ms: int) -> KeptHead | None:
    chain, _, seq = str(subject.get("name")).rpartition("/")
    sha256 = mapping(subject.get("digest")).get("sha256")
    if not (chain and seq.isascii() and seq.isdigit() and isinstance(sha256, str)):
        return None
    return KeptHead(sha256, chain, int(seq), at_ms)
