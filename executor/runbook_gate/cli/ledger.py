"""`ledger verify`: is what is stored still what was appended?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from runbook_gate import seals
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.progress import progress
from runbook_gate.cli.reconcile import reconcile
from runbook_gate.cli.seal import seal
from runbook_gate.cli.sealed import read_seals, sealed_result, told_seals
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.cli.workers import workers_option
from runbook_gate.errors import UsageFault
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import HeadReport, KeptHead, Verification

_SHORTEST: Final = 16


def _digests(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(rf"[0-9a-f]{{{_SHORTEST},64}}", digits) for digits in given):
        raise click.BadParameter(f"expected {_SHORTEST} to 64 hexadecimal digits.", context, parameter)
    return given


@click.group()
def ledger() -> None:
    """Check the ledger, by itself and against what others recorded."""


ledger.add_command(reconcile)
ledger.add_command(seal)


@ledger.command()
@click.option("--run", "run", metavar="RUN", help="One run; default: every run and the store's own chain.")
@click.option(
    "--head",
    "digests",
    metavar="SHA256",
    multiple=True,
    callback=_digests,
    help="A head that was kept elsewhere and must be in the ledger; its first 16 digits do. May be repeated.",
)
@click.option(
    "--heads",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Heads that were kept elsewhere, as `heads_file` has them.",
)
@click.option(
    "--seal",
    "sealed",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    multiple=True,
    help="A seal made by `ledger seal`, whose heads must be in the ledger. May be repeated.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Public key that the seals were signed with, in PEM; needed with --seal.",
)
@workers_option
@store_option
@output_option
@click.pass_context
def verify(
    context: click.Context,
    run: str | None,
    digests: tuple[str, ...],
    file: Path | None,
    sealed: tuple[Path, ...],
    key_file: Path | None,
    workers: int,
    store: Path | str | None,
    output: str,
) -> int:
    """Recompute every chain and digest.

    `chain consistent` says that entries agree with each other, and the evidence and the index with them. It cannot say
    that the newest entries are still there: for that, keep heads elsewhere and give them with --head or --heads, or
    seal the ledger and give the seals.
    """
    kept, odd = _kept(file) if file else ([], 0)
    given = read_seals(sealed, key_file)
    heads = [*map(KeptHead, digests), *kept, *(head for one in given for head in one.heads)]
    with store_of(settings(context, store=store), read_only=True) as opened:
        gaps = seals.gaps(given, opened.reading.identity())
        found = opened.verify(run=run, heads=heads, workers=workers, shown=progress)
    result = sealed_result(found, given, gaps, run)
    document = {**_document(found, odd), "result": result, "seals": told_seals(given), "seals_wrong": gaps}
    emit(output, document, lambda: "\n".join([*_text(found, odd), *gaps, f"Result: {result}"]))
    return ExitStatus.COMPLETE if found.consistent and not gaps else ExitStatus.LEDGER


def _kept(file: Path) -> tuple[list[KeptHead], int]:
    """The heads in a file, and how many of its lines are none: a full disk may have cut one off."""
    try:
        lines = [line for line in file.read_text(encoding="ascii", errors="replace").splitlines() if line.strip()]
    except OSError as fault:
        raise UsageFault(f"{file}: {fault.strerror}.", advice="Give the file that `heads_file` names.") from None
    heads = [head for line in lines if (head := KeptHead.read(line))]
    if not heads:
        raise UsageFault(f"{file}: there is no head in it.", advice="Give the file that `heads_file` names.")
    return heads, len(lines) - len(heads)


def _document(found: Verification, odd: int) -> dict[str, Any]:
    chains = [{**asdict(chain), "result": chain.result} for chain in found.chains]
    told = {"result": found.result, "consistent": found.consistent, "heads_lost": len(found.lost), "odd_lines": odd}
    return {**told, **asdict(found), "chains": chains}


def _text(found: Verification, odd: int) -> Iterator[str]:
    rows = [(chain.chain, chain.entries, chain.result, chain.head) for chain in found.chains]
    yield from columns([("CHAIN", "ENTRIES", "RESULT", "HEAD"), *rows])
    yield ""
    named: set[str] = set()
    for chain in found.chains:
        named |= set(chain.evidence_altered)
        yield from _evidence(f"missing in {chain.chain}", chain.evidence_missing)
        yield from _evidence(f"altered in {chain.chain}", chain.evidence_altered)
    yield from _evidence("altered that no entry names", sorted(set(found.evidence_altered) - named))
    yield from (_where(head) for head in found.heads if head.chain is None or head.kept.run is None)
    if found.heads:
        yield f"Heads kept elsewhere: {len(found.heads)}, of which {len(found.lost)} are not in this ledger."
    if odd:
        yield f"Lines of the heads file that are no heads: {odd}."


def _evidence(word: str, digests: Sequence[str]) -> Iterator[str]:
    return (f"Evidence {word}: {digest}" for digest in digests)


def _where(head: HeadReport) -> str:
    if head.chain is not None:
        return f"Head {head.sha256} is entry {head.seq} of {head.chain}; {head.later} later."
    noted = f", noted as entry {head.kept.seq} of run {head.kept.run}," if head.kept.run else ""
    return f"Head {head.sha256}{noted} is not in this ledger."
