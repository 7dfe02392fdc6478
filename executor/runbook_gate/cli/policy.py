"""`policy build`: a bundle from a policies/ folder."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate import resources
from runbook_gate.binaries import find_tool
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.errors import UsageFault
from runbook_gate.gate.build import build as build_bundle


@click.group()
def policy() -> None:
    """Build the policy bundle."""


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
@click.option("--opa", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The opa binary.")
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
