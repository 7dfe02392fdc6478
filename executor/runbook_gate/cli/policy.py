"""`policy build`: a bundle from a policies/ folder."""

from __future__ import annotations

from pathlib import Path

import click

from runbook_gate import resources
from runbook_gate.binaries import find_tool
from runbook_gate.cli.output import emit, output_option
from runbook_gate.gate.build import build as build_bundle


@click.group()
def policy() -> None:
    """Build the policy bundle."""


@policy.command()
@click.option(
    "--policies",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder; default: the shipped one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("bundle.tar.gz"),
    show_default=True,
    help="The bundle file.",
)
@click.option("--opa", type=click.Path(dir_okay=False, path_type=Path), help="The opa binary.")
@output_option
def build(policies: Path | None, out: Path, opa: Path | None, output: str) -> None:
    """Build a reproducible bundle whose revision is its content digest."""
    bundle = build_bundle((policies or resources.policies()).resolve(), opa=opa or find_tool("opa"))
    out.write_bytes(bundle.raw)
    document = {
        "file": str(out),
        "content_sha256": bundle.content_sha256,
        "bundle_sha256": bundle.bundle_sha256,
        "runbooks": sorted(bundle.data.get("runbooks", {})),
    }
    emit(output, document, lambda: f"{out}: revision {bundle.content_sha256}")
