"""`ledger verify`: is what is stored still what was appended?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import HeadReport, Verification


def _digest(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    if given is not None and not re.fullmatch(r"[0-9a-f]{64}", given):
        raise click.BadParameter("expected 64 hexadecimal digits.", context, parameter)
    return given


@click.group()
def ledger() -> None:
    """Check the ledger's chains."""


@ledger.command()
@click.option("--run", "run", metavar="RUN", help="One run; default: every run and the store's own chain.")
@click.option(
    "--head", metavar="SHA256", callback=_digest, help="A head that was kept elsewhere and must be in the ledger."
)
@store_option
@output_option
@click.pass_context
def verify(context: click.Context, run: str | None, head: str | None, store: Path | None, output: str) -> int:
    """Recompute every chain and digest.

    `chain consistent` says that entries agree with each other and the evidence with them. It cannot say that the
    newest entries are still there: for that, keep heads elsewhere and give one with --head.
    """
    with store_of(settings(context, store=store), read_only=True) as opened:
        found = opened.verify(run=run, head=head)
    emit(output, _document(found), lambda: "\n".join(_text(found)))
    return ExitStatus.COMPLETE if found.consistent else ExitStatus.LEDGER


def _document(found: Verification) -> dict[str, Any]:
    chains = [{**asdict(chain), "result": chain.result} for chain in found.chains]
    return {"result": found.result, "consistent": found.consistent, **asdict(found), "chains": chains}


def _text(found: Verification) -> Iterator[str]:
    rows = [(chain.chain, chain.entries, chain.result, chain.head) for chain in found.chains]
    yield from columns([("CHAIN", "ENTRIES", "RESULT", "HEAD"), *rows])
    yield ""
    named: set[str] = set()
    for chain in found.chains:
        named |= set(chain.evidence_altered)
        yield from _evidence(f"missing in {chain.chain}", chain.evidence_missing)
        yield from _evidence(f"altered in {chain.chain}", chain.evidence_altered)
    yield from _evidence("altered that no entry names", sorted(set(found.evidence_altered) - named))
    if found.head:
        yield _where(found.head)
    yield f"Result: {found.result}"


def _evidence(word: str, digests: Sequence[str]) -> Iterator[str]:
    return (f"Evidence {word}: {digest}" for digest in digests)


def _where(head: HeadReport) -> str:
    if head.chain is None:
        return f"Head {head.sha256} is not in this ledger."
    return f"Head {head.sha256} is entry {head.seq} of {head.chain}; {head.later} later."
