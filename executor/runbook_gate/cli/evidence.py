"""`evidence`: runs as a file for somebody who has neither this program nor its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.asking import each_run, selection_of, when, which
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.recorded import run_of
from runbook_gate.cli.settings import store_option
from runbook_gate.cli.writing import growing
from runbook_gate.dsse.signing import load_private_key
from runbook_gate.dsse.statements import load_public_key
from runbook_gate.errors import LedgerBroken, UnknownRecord
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.export.exporting import export as export_runs
from runbook_gate.export.unpacking import Unpacked
from runbook_gate.export.verification import Found
from runbook_gate.export.verification import verify as verify_export
from runbook_gate.ledger import Store
from runbook_gate.queries.records import Told, Untold, told
from runbook_gate.queries.rows import selected

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """Export runs for somebody else, and verify such an export."""


@evidence.command()
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--out", type=_FILE, metavar="FILE", required=True, help="The export, a .tar.gz.")
@click.option(
    "--key",
    "key_file",
    type=_FILE,
    metavar="FILE",
    help="Sign it with this private key: ECDSA P-256, an unencrypted PEM file.",
)
@which
@when
@store_option
@output_option
@click.pass_context
def export(
    context: click.Context,
    /,
    run: str | None,
    out: Path,
    key_file: Path | None,
    store: Path | str | None,
    output: str,
    **chosen: Any,
) -> int:
    """Write runs to a file: entries, evidence, policies, packets, and a page that says how to verify them.

    RUN is a run or a task; without it all runs are exported, or those that the options select. The page, VERIFY.md,
    needs only sha256sum, jq, base64, openssl and opa.
    """
    key = load_private_key(key_file) if key_file else None
    with each_run(context, store) as (opened, people, every):
        runs = [_alone(opened, run)] if run else _whole(selected(every, people, selection_of(chosen)))
        with growing(out) as file:
            made = export_runs(runs, opened.reading, file, alone=run is not None, key=key)
            if not made.runs:
                raise UnknownRecord("There is no such run to export.", advice="See `runbook-gate query runs`.")
    missing = sorted(made.missing)
    document = {"file": str(out), "signed": key is not None, "runs": made.runs, "evidence_missing": missing}
    emit(output, document, lambda: f"{out}: {len(made.runs)} run(s), {'signed' if key else 'not signed'}")
    if missing:
        click.echo(f"Evidence that the ledger lacks: {', '.join(missing)}.", err=True)
    return ExitStatus.LEDGER if missing else ExitStatus.COMPLETE


def _alone(opened: Store, named: str) -> Told:
    [walked] = opened.reading.runs(run_of(opened, named))
    return next(_whole(iter([told(walked)])))


def _whole(runs: Iterator[Told | Untold]) -> Iterator[Told]:
    """The same runs; what cannot be read is not exported, and nobody should think that it was."""
    for run in runs:
        if isinstance(run, Untold):
            raise LedgerBroken(f"run {run.id}: {run.why}")
        yield run


@evidence.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option(
    "--key",
    "key_file",
    type=_FILE,
    metavar="FILE",
    help="Public key of the signer, in PEM, from somewhere else than the export.",
)
@output_option
def verify(file: Path, key_file: Path | None, output: str) -> int:
    """Check that everything in an export belongs together, and who signed it.

    FILE may be of anybody: nothing in it becomes a file, and what no export has is refused. Whether its policies give
    its decisions again: `runbook-gate replay --archive FILE`.
    """
    public = load_public_key(key_file) if key_file else None
    with Unpacked(file) as files:
        found = verify_export(files, public)
    emit(output, {**asdict(found), "result": found.result}, lambda: "\n".join(_text(found)))
    return ExitStatus.LEDGER if found.wrong else ExitStatus.COMPLETE


def _text(found: Found) -> Iterator[str]:
    yield from columns([("runs", found.runs), ("entries", found.entries), ("decisions", found.decisions)])
    yield from found.wrong
    yield f"Result: {found.result}"
