"""`runbook`: what a revision's data says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.policies import bundle_option, opa_of, opa_option, policies_of
from runbook_gate.cli.recorded import named_by_somebody, run_of
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.cli.tables import table
from runbook_gate.cli.wrapping import wrapped
from runbook_gate.configuration import Settings
from runbook_gate.errors import UsageFault
from runbook_gate.policy.catalog import Catalog, catalog
from runbook_gate.policy.changes import changes
from runbook_gate.policy.inputs import policies_of_run
from runbook_gate.policy.revision import describe
from runbook_gate.policy.runbooks import digest, resolve, revisions
from runbook_gate.policy.sections import sections
from runbook_gate.policy.sources import Source
from runbook_gate.policy.words import words


@click.group()
def runbook() -> None:
    """Show and compare runbook revisions."""


@runbook.command()
@click.argument("named", metavar="[REVISION]", required=False, callback=named_by_somebody)
@click.option(
    "--run",
    callback=named_by_somebody,
    metavar="RUN",
    help="The rules that governed this run, from the policies it is pinned to.",
)
@bundle_option
@opa_option
@store_option
@output_option
@click.pass_context
def show(
    context: click.Context,
    named: str | None,
    run: str | None,
    bundle: str | None,
    opa: Path | None,
    store: Path | str | None,
    output: str,
) -> None:
    """Show a revision: checkpoints, answers, agreement, limits, probes, owner.

    REVISION is its full name, or its end, such as v3. RUN is a run, or the task that it is of.
    """
    chosen = settings(context, store=store)
    if named is None and run is None:
        raise UsageFault("Name a revision or a run.", advice="For example: runbook-gate runbook show v3.")
    if named is not None and run is not None:
        raise UsageFault("Name a revision or a run, and not both.", advice="A run has one revision, which --run finds.")
    source, named = _of_run(chosen, run, bundle, opa) if run else (policies_of(chosen, bundle, opa=opa), named)
    told = describe(source.bundle, resolve(source.bundle, named or ""))
    known = catalog(source.bundle, opa=opa_of(chosen, opa))
    emit(output, {"policies": source.name, "run": run, **told}, lambda: "\n".join(_text(source, told, known)))


@runbook.command()
@click.argument("old", metavar="OLD", callback=named_by_somebody)
@click.argument("new", metavar="NEW", callback=named_by_somebody)
@bundle_option
@opa_option
@output_option
@click.pass_context
def diff(context: click.Context, old: str, new: str, bundle: str | None, opa: Path | None, output: str) -> None:
    """Say in words how one revision differs from another.

    OLD and NEW are full names, or their ends, such as v2 and v3.
    """
    source = policies_of(settings(context), bundle, opa=opa)
    sides = {side: resolve(source.bundle, named) for side, named in (("old", old), ("new", new))}
    data = revisions(source.bundle)
    found = list(changes(data[sides["old"]], data[sides["new"]]))
    document = {
        "policies": source.name,
        **{side: {"runbook": name, "sha256": digest(data[name])} for side, name in sides.items()},
        "changes": [{**change.document(), "words": words(change)} for change in found],
    }
    emit(output, document, lambda: "\n".join(_compared(document)))


def _of_run(chosen: Settings, run: str, bundle: str | None, opa: Path | None) -> tuple[Source, str]:
    """The policies of a run, or those that are named, and the revision that the run's task names."""
    with store_of(chosen, read_only=True) as opened:
        pinned, revision = policies_of_run(opened, run_of(opened, run))
    return policies_of(chosen, bundle, opa=opa, of_run=pinned), revision


def _text(source: Source, told: dict[str, Any], known: Catalog) -> Iterator[str]:
    data, owner = told["data"], told["owner"]
    yield from wrapped(f"{told['runbook']}: {data['title']}", indent="  ", first="")
    successor = f", use {data['successor']}" if data.get("successor") else ""
    facts = [
        ("status", f"{data['status']}{successor}"),
        ("steps", ", ".join(data["steps"])),
        ("target", ", ".join(data["target_key"])),
        ("owner", f"{owner.get('name')}, {owner.get('title')}"),
        ("queue", owner.get("queue")),
        ("policies", source.name),
        ("digest", told["sha256"]),
    ]
    yield from columns(facts, indent="  ")
    for section in sections(told, known):
        yield from ("", section.title)
        yield from table(section.header, section.rows)


def _compared(document: dict[str, Any]) -> Iterator[str]:
    yield f"{document['old']['runbook']} -> {document['new']['runbook']}"
    for change in document["changes"]:
        yield from wrapped(change["words"], indent="    ", first="  - ")
    if not document["changes"]:
        yield "  They say the same."
