"""`replay`: would these policies, or others, decide what was recorded as they did?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from runbook_gate.binaries import find_tool
from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.policies import opa_option
from runbook_gate.cli.progress import progress
from runbook_gate.cli.recorded import run_of
from runbook_gate.cli.replayed import text
from runbook_gate.cli.selecting import selection_of, selection_options
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.cli.writing import Lines, write
from runbook_gate.configuration import Settings
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.export.records import ExportedRecords
from runbook_gate.export.unpacking import Unpacked
from runbook_gate.policy.sources import load
from runbook_gate.replay.records import Records
from runbook_gate.replay.replaying import Replay
from runbook_gate.replay.report.details import line
from runbook_gate.replay.report.document import document
from runbook_gate.replay.report.failing import DEFAULT, KINDS, found
from runbook_gate.replay.report.markdown import markdown
from runbook_gate.replay.report.page import page
from runbook_gate.replay.report.tally import Tally
from runbook_gate.replay.serving import about, others
from runbook_gate.replay.stored import StoredRecords

_FILE = click.Path(dir_okay=False, path_type=Path)


def failing(context: click.Context, parameter: click.Parameter, given: str) -> tuple[str, ...]:
    """A callback for `--fail-on`."""
    kinds = tuple(kind.strip() for kind in given.split(",") if kind.strip())
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise click.BadParameter(f"{', '.join(unknown)}: expected some of {', '.join(KINDS)}.", context, parameter)
    return kinds


@click.command()
@click.argument("run", metavar="[RUN]", required=False)
@click.option(
    "--candidate",
    metavar="POLICIES",
    help="Compare with these: a bundle file, a folder named policies, an archived digest, or a git revision.",
)
@selection_options
@click.option(
    "--fail-on",
    callback=failing,
    metavar="KINDS",
    default=DEFAULT,
    show_default=True,
    help=f"End with {ExitStatus.FOUND.value} if any of these was found: {', '.join(KINDS)}; '' for none.",
)
@click.option("--archive", type=_FILE, metavar="FILE", help="Replay an export, made by `evidence export`, instead.")
@click.option("--lines", type=_FILE, metavar="FILE", help="Write every decision to FILE, one JSON object a line.")
@click.option("--markdown", "markdown_file", type=_FILE, metavar="FILE", help="Write the report as Markdown.")
@click.option("--html", type=_FILE, metavar="FILE", help="Write the report as one HTML page.")
@click.option(
    "--details",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="Of how many decisions that are not as they were the reports have details.",
)
@click.option(
    "--connections", type=click.IntRange(1, 64), help="Requests under way at a time; default: as many as cores."
)
@opa_option
@store_option
@output_option
@click.pass_context
def replay(
    context: click.Context,
    /,
    run: str | None,
    candidate: str | None,
    archive: Path | None,
    fail_on: tuple[str, ...],
    lines: Path | None,
    details: int,
    connections: int | None,
    opa: Path | None,
    store: Path | str | None,
    output: str,
    **options: Any,
) -> int:
    """Decide again what was recorded, and compare with other policies.

    First each decision is asked again of the policies that took it: under the recorded OPA binary it has to come out
    the same to the byte. Only then is it compared with what --candidate decides. RUN is a run or a task; without it
    every recorded decision is replayed, or those that the options select.
    """
    chosen = settings(context, store=store)
    binary = opa or chosen.opa.binary or find_tool("opa")
    tally = Tally(most=details)
    with _from(chosen, archive, run) as (records, named, archived), Lines(lines) as told_lines:
        selection = selection_of(named, options)
        source = load(candidate, opa=binary, archived=archived) if candidate else None
        with others(source, None, binary) as compared:
            replaying = Replay(records, binary, compared, connections=connections or os.cpu_count() or 1)
            for one in progress(replaying.replayed(selection), records.count(selection), "replaying"):
                tally.add(one)
                told_lines.add(line, one)
    told = document(tally, about(records.name, binary, source))
    _report(told, options["markdown_file"], options["html"])
    emit(output, told, lambda: "\n".join(text(told)))
    return status_of([tally], fail_on)


@contextmanager
def _from(
    chosen: Settings, archive: Path | None, run: str | None
) -> Iterator[tuple[Records, str | None, Callable[[str], bytes] | None]]:
    """Where recorded decisions come from, the run that RUN names there, and bundles by digest."""
    if archive is None:
        with store_of(chosen, read_only=True) as opened:
            records = StoredRecords(opened, f"the ledger {chosen.store}")
            yield records, run and run_of(opened, run), opened.archive.get
        return
    with Unpacked(archive) as files:
        exported = ExportedRecords(files, f"the export {archive}")
        yield exported, run and exported.named(run), None


def _report(told: Mapping[str, Any], markdown_file: Path | None, html: Path | None) -> None:
    if markdown_file is not None:
        write(markdown_file, markdown(told).encode(), option="--markdown")
    if html is not None:
        write(html, page(told).encode(), option="--html")


def status_of(tallies: Iterable[Tally], fail_on: tuple[str, ...]) -> ExitStatus:
    """The exit status that `--fail-on` asks for; what it is for is told."""
    kinds = list(dict.fromkeys(kind for tally in tallies for kind in found(tally, fail_on)))
    if kinds:
        click.echo(f"Found: {', '.join(kinds)} (--fail-on).", err=True)
    return ExitStatus.FOUND if kinds else ExitStatus.COMPLETE
