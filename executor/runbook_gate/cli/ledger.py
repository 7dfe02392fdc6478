"""`ledger verify`: is what is stored still what was appended?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.settings import store_of, store_option


@click.group()
def ledger() -> None:
    """Check the ledger's chains."""


@ledger.command()
@click.option("--run", "run", metavar="RUN", help="One run; default: every run and the store's own chain.")
@click.option("--head", metavar="SHA256", help="A head that was kept elsewhere and must be in the ledger.")
@store_option
@output_option
@click.pass_context
def verify(context: click.Context, run: str | None, head: str | None, store: Path | None, output: str) -> int:
    """Recompute every chain and digest.

    `chain consistent` says that entries agree with each other and the evidence with them. It cannot say that the
    newest entries are still there: for that, keep heads elsewhere and give one with --head.
    """
    with store_of(context, store, read_only=True) as opened:
        found = opened.verify(run=run, head=head)
    broken = found.result != "chain consistent"
    emit(output, asdict(found), lambda: _text(found))
    return 13 if broken else 0


def _text(found: object) -> str:
    return str(found)
