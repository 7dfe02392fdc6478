"""`ledger seal`: sign where every chain stands, for somewhere else than the store."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate import seals
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.progress import progress
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.cli.workers import workers_option
from runbook_gate.cli.writing import write
from runbook_gate.clock import SystemClock
from runbook_gate.dsse.signing import load_private_key
from runbook_gate.dsse.statements import load_public_key
from runbook_gate.errors import LedgerBroken
from runbook_gate.timestamps import rfc3339

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--key",
    "key_file",
    type=_FILE,
    metavar="FILE",
    required=True,
    help="Sign with this private key: ECDSA P-256, an unencrypted PEM file.",
)
@click.option("--previous", type=_FILE, metavar="FILE", help="The seal before this one; needed but for the first.")
@click.option(
    "--previous-key",
    type=_FILE,
    metavar="FILE",
    help="Public key that the seal before was signed with; default: that of --key.",
)
@click.option("--out", type=_FILE, metavar="FILE", required=True, help="The seal. Keep it outside the store's host.")
@workers_option
@store_option
@output_option
@click.pass_context
def seal(
    context: click.Context,
    key_file: Path,
    previous: Path | None,
    previous_key: Path | None,
    out: Path,
    workers: int,
    store: Path | str | None,
    output: str,
) -> None:
    """Verify the whole ledger, and sign the heads of all its chains together with the seal before.

    What is sealed can later be neither cut off nor written anew without `ledger verify --seal` finding it.
    """
    key = load_private_key(key_file)
    public = load_public_key(previous_key) if previous_key else key.public_key()
    before = seals.read(previous, public) if previous else None
    with store_of(settings(context, store=store), read_only=True) as opened:
        name = opened.reading.identity()
        found = opened.verify(heads=before.heads if before else (), workers=workers, shown=progress)
    wrong = seals.gaps([before], name) if before else []
    if wrong or not found.consistent:
        raise LedgerBroken("Not sealed: " + "; ".join([*wrong, *([] if found.consistent else [found.result])]))
    write(out, seals.make(found, store=name, at_ms=SystemClock().read().at_ms, previous=before, key=key))
    made = seals.read(out, key.public_key())
    document = {
        "file": str(out),
        "sha256": made.sha256,
        "key": made.signer,
        "store": made.store,
        "seq": made.seq,
        "sealed_ms": made.at_ms,
        "previous": made.previous,
        "heads": len(made.heads),
    }
    told = {**document, "sealed_ms": rfc3339(made.at_ms)}
    emit(output, document, lambda: "\n".join(columns(list(told.items()))))
