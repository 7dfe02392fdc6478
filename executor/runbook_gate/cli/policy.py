"""`policy`: build, inspect, compare, explain and archive policies."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runbook_gate import resources
from runbook_gate.cli import comparing, explaining
from runbook_gate.cli.archive import archive
from runbook_gate.cli.impact import impact
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.policies import bundle_option, opa_of, opa_option, policies_of
from runbook_gate.cli.recorded import asked, named_by_somebody
from runbook_gate.cli.settings import settings, store_option
from runbook_gate.cli.writing import write
from runbook_gate.gate.build import ALGORITHMS, Signing
from runbook_gate.gate.build import build as build_bundle
from runbook_gate.policy import provenance
from runbook_gate.policy.explanation import explain as explain_input
from runbook_gate.policy.inventory import compare
from runbook_gate.policy.inventory import inspect as inspect_policies
from runbook_gate.policy.sources import load
from runbook_gate.policy.validation import validate


@click.group()
def policy() -> None:
    """Build, inspect, compare, explain and archive policies."""


policy.add_command(archive)
policy.add_command(impact)


@policy.command()
@click.argument("named", metavar="INPUT", callback=named_by_somebody)
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
    store: Path | str | None,
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
    told = explain_input(question, source.name, source.bundle, opa=opa_of(chosen, opa))
    emit(output, told, lambda: "\n".join(explaining.text(told, with_facts=with_facts)))


@policy.command()
@click.argument("named", metavar="POLICIES", callback=named_by_somebody)
@opa_option
@output_option
@click.pass_context
def inspect(context: click.Context, named: str, opa: Path | None, output: str) -> None:
    """List what policies hold: runbooks, checks, codes and rules.

    POLICIES is a bundle file, a folder named policies, or a git revision, such as HEAD~1 or git:main.
    """
    binary = opa_of(settings(context), opa)
    told = inspect_policies(load(named, opa=binary), opa=binary)
    emit(output, told, lambda: "\n".join(comparing.inspected(told)))


@policy.command()
@click.argument("old", metavar="OLD", callback=named_by_somebody)
@click.argument("new", metavar="NEW", callback=named_by_somebody)
@opa_option
@output_option
@click.pass_context
def diff(context: click.Context, old: str, new: str, opa: Path | None, output: str) -> None:
    """Say how policies differ: runbooks, checks, codes and rules.

    OLD and NEW are each a bundle file, a folder named policies, or a git revision, such as HEAD~1 or git:main.
    """
    binary = opa_of(settings(context), opa)
    told = compare(load(old, opa=binary), load(new, opa=binary), opa=binary)
    emit(output, told, lambda: "\n".join(comparing.compared(told)))


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
@click.option(
    "--signing-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Sign the bundle with this private key, a PEM file.",
)
@click.option(
    "--signing-alg",
    type=click.Choice(ALGORITHMS),
    metavar="NAME",
    default="RS256",
    show_default=True,
    help="Algorithm of the signature.",
)
@click.option("--allow-dirty", is_flag=True, help="Build even if the folder differs from its git commit.")
@opa_option
@output_option
@click.pass_context
def build(
    context: click.Context,
    policies: Path | None,
    out: Path,
    signing_key: Path | None,
    signing_alg: str,
    allow_dirty: bool,
    opa: Path | None,
    output: str,
) -> None:
    """Build a reproducible bundle whose revision is its content digest.

    The data of runbooks and parties has to be as schemas/ says, and every check, action and code that a runbook names
    has to be there. Beside FILE, FILE.json says of which git commit it is; in the bundle, that would change the digest.
    """
    folder = (policies or resources.policies()).resolve()
    commit = provenance.of(folder, allow_dirty=allow_dirty)
    signing = Signing(signing_key, signing_alg) if signing_key else None
    binary = opa_of(settings(context), opa)
    bundle = build_bundle(folder, opa=binary, signing=signing)
    validate(bundle, folder, opa=binary)
    document = {"file": str(out), **provenance.document(bundle, commit, policies=folder)}
    write(out, bundle.raw)
    write(out.with_name(f"{out.name}.json"), json.dumps(document, indent=2).encode() + b"\n")
    emit(output, document, lambda: "\n".join(columns([(key, _shown(value)) for key, value in document.items()])))


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else value or "unknown"
