"""`policy archive`: the bundles that took decisions, kept as evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from runbook_gate.binaries import find_tool
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.policies import opa_option
from runbook_gate.cli.settings import actor, actor_option, new_or_old_store, settings, store_of, store_option
from runbook_gate.cli.writing import write
from runbook_gate.gate.build import check_capabilities
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Archived
from runbook_gate.timestamps import rfc3339

_SHOWN = 16


@click.group()
def archive() -> None:
    """List, read and add archived bundles."""


@archive.command(name="list")
@store_option
@output_option
@click.pass_context
def list_(context: click.Context, store: Path | str | None, output: str) -> None:
    """List every bundle that took a decision or was added, oldest first."""
    with store_of(settings(context, store=store), read_only=True) as opened:
        found = opened.archive.list()
    emit(output, [asdict(one) for one in found], lambda: "\n".join(_listed(found)))


@archive.command()
@click.argument("digest", metavar="DIGEST")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    default=Path("bundle.tar.gz"),
    show_default=True,
    help="Where the bundle file is written to.",
)
@store_option
@output_option
@click.pass_context
def get(context: click.Context, digest: str, out: Path, store: Path | str | None, output: str) -> None:
    """Write an archived bundle to a file.

    DIGEST is that of its content or of the file; the first 8 digits do.
    """
    with store_of(settings(context, store=store), read_only=True) as opened:
        found, raw = opened.archive.find(digest), opened.archive.get(digest)
    write(out, raw)
    emit(output, {"file": str(out), **asdict(found)}, lambda: f"{out}: bundle {found.bundle_sha256}")


@archive.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@actor_option
@store_option
@opa_option
@output_option
@click.pass_context
def add(
    context: click.Context, file: Path, who: str | None, store: Path | str | None, opa: Path | None, output: str
) -> None:
    """Keep a bundle file, so that it can be named by its digest.

    It has to pass the allow-list of built-ins. Adding is recorded with its actor.
    """
    chosen, bundle = settings(context, store=store), Bundle.read(file)
    check_capabilities(bundle, opa=opa or chosen.opa.binary or find_tool("opa"))
    with new_or_old_store(chosen) as opened:
        kept = opened.archive.add(bundle.raw, content_sha256=bundle.content_sha256, actor=actor(chosen, who))
    emit(output, asdict(kept), lambda: f"Kept: bundle {kept.bundle_sha256}, content {kept.content_sha256}")


def _listed(found: Sequence[Archived]) -> Iterator[str]:
    if not found:
        yield "No bundle has taken a decision yet."
        return
    header = ("CONTENT", "BUNDLE", "STATE", "DECISIONS", "RUNS", "FIRST", "LAST", "ADDED BY")
    yield from columns([header, *map(_row, found)])


def _row(one: Archived) -> tuple[object, ...]:
    moments = [None if ms is None else rfc3339(ms) for ms in (one.first_ms, one.last_ms)]
    digests = (one.content_sha256[:_SHOWN], one.bundle_sha256[:_SHOWN])
    return (*digests, one.state, one.decisions, one.runs, *moments, one.added_by)
