"""`policy`: build, inspect, compare and explain policies."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate import resources
from runbook_gate.binaries import find_tool
from runbook_gate.cli import explaining
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.policies import bundle_option, opa_option, policies_of
from runbook_gate.cli.recorded import asked
from runbook_gate.cli.settings import settings, store_option
from runbook_gate.errors import UsageFault
from runbook_gate.gate.build import build as build_bundle
from runbook_gate.policy.explanation import explain as explain_input


@click.group()
def policy() -> None:
    """Build, inspect, compare and explain policies."""


@policy.command()
@click.argument("named", metavar="INPUT")
@click.option("--facts", "with_facts", is_flag=True, help="Show every fact that a check reads, with its value.")
@bundle_option
@opa_option
@store_option
@output_option
@click.pass_context
def explain(
    context: click.Context,
    named: str,
    with_facts: bool,
    bundle: str | None,
    opa: Path | None,
    store: Path | None,
    output: str,
) -> None:
    """Tell why an input is decided so: each check of its checkpoint, with what it saw.

    INPUT is a JSON file with a decision input or a decision case, RUN or RUN:SEQ for one that the ledger recorded
    (the newest, or that of entry SEQ), or the digest of a recorded request. A recorded input is decided by the
    policies of its run, any other by the configured or shipped ones, unless --bundle names some.
    """
    chosen = settings(context, store=store)
    question = asked(chosen, named)
    source = policies_of(chosen, bundle, opa=opa, of_run=question.bundle)
    told = explain_input(question, source.name, source.bundle, opa=opa or find_tool("opa"))
    emit(output, told, lambda: "\n".join(explaining.text(told, with_facts=with_facts)))


@policy.command()
@click.option(
    "--policies",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Its sources, a folder named policies; default: the shipped one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    default=Path("bundle.tar.gz"),
    show_default=True,
    help="The bundle file.",
)
@opa_option
@output_option
def build(policies: Path | None, out: Path, opa: Path | None, output: str) -> None:
    """Build a reproducible bundle whose revision is its content digest."""
    bundle = build_bundle((policies or resources.policies()).resolve(), opa=opa or find_tool("opa"))
    _write(out, bundle.raw)
    document = {
        "file": str(out),
        "revision": bundle.content_sha256,
        "bundle_sha256": bundle.bundle_sha256,
        "runbooks": sorted(bundle.data.get("runbooks", {})),
    }
    rows = [(key, ", ".join(value) if isinstance(value, list) else value) for key, value in document.items()]
    emit(output, document, lambda: "\n".join(columns(rows)))


def _write(out: Path, raw: bytes) -> None:
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(raw)
        partial.replace(out)
    except OSError as fault:
        raise UsageFault(f"--out {out}: {fault.strerror}.", advice="Name a file in a writable folder.") from None
