"""`policy impact`: what does a change of the policies do to decisions that are known?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from runbook_gate.binaries import find_tool
from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.policies import opa_option
from runbook_gate.cli.progress import progress
from runbook_gate.cli.replay import failing, status_of
from runbook_gate.cli.selecting import selection_of, selection_options
from runbook_gate.cli.settings import settings, store_exists, store_of, store_option
from runbook_gate.cli.writing import write
from runbook_gate.configuration import Settings
from runbook_gate.policy.sources import Source, load
from runbook_gate.replay.chunks import Others
from runbook_gate.replay.fixtures import compared
from runbook_gate.replay.replaying import Replay
from runbook_gate.replay.report.document import document
from runbook_gate.replay.report.impact import comment
from runbook_gate.replay.report.tally import Tally
from runbook_gate.replay.selection import Selection
from runbook_gate.replay.serving import about, others
from runbook_gate.replay.stored import StoredRecords


@click.command()
@click.option("--base", metavar="POLICIES", default="git:main", show_default=True, help="Before: a git revision.")
@click.option("--head", metavar="POLICIES", default="policies", show_default=True, help="After: a folder.")
@click.option(
    "--fixtures",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    default=Path("fixtures/decisions"),
    show_default=True,
    help="Decision cases.",
)
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the comment.")
@click.option(
    "--fail-on",
    callback=failing,
    metavar="KINDS",
    default="undefined,error",
    show_default=True,
    help="End with 14 if any of these was found, as for `replay`; '' for none.",
)
@selection_options
@opa_option
@store_option
@output_option
@click.pass_context
def impact(
    context: click.Context,
    /,
    base: str,
    head: str,
    fixtures: Path,
    markdown: Path | None,
    fail_on: tuple[str, ...],
    opa: Path | None,
    store: Path | str | None,
    output: str,
    **selecting: Any,
) -> int:
    """Compare two states of the policies over recorded decisions and fixtures.

    What a pull request runs: each recorded decision is reproduced under its own policy first, then base and head are
    asked. Prints one Markdown comment. Without a ledger only the fixtures are asked.
    """
    chosen = settings(context, store=store)
    binary = opa or chosen.opa.binary or find_tool("opa")
    sources = load(base, opa=binary), load(head, opa=binary)
    with others(sources[1], sources[0], binary) as sides:
        found = Tally(), Tally()
        recorded = store_exists(chosen) and _recorded(found[0], chosen, binary, sides, selection_of(None, selecting))
        for one in compared(fixtures, sides):
            found[1].add(one)
    names = (f"the ledger {chosen.store}", f"the cases in {fixtures}")
    parts = [
        document(tally, about(name, binary, sources[1], sources[0])) for tally, name in zip(found, names, strict=True)
    ]
    told = {**_sides(sources), "recorded": parts[0] if recorded else None, "fixtures": parts[1]}
    if markdown is not None:
        write(markdown, comment(told).encode(), option="--markdown")
    emit(output, told, lambda: comment(told))
    return status_of(found, fail_on)


def _recorded(tally: Tally, chosen: Settings, opa: Path, sides: Others, selection: Selection) -> bool:
    with store_of(chosen, read_only=True) as opened:
        records = StoredRecords(opened, f"the ledger {chosen.store}")
        replaying = Replay(records, opa, sides, connections=os.cpu_count() or 1)
        for one in progress(replaying.replayed(selection), records.count(selection), "replaying"):
            tally.add(one)
    return True


def _sides(sources: tuple[Source, Source]) -> dict[str, Any]:
    return {
        side: {"policies": source.name, "policy_sha256": source.bundle.content_sha256}
        for side, source in zip(("base", "head"), sources, strict=True)
    }
