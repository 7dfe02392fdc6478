"""`task`: sign a task."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runbook_gate.cli.output import emit, output_option
from runbook_gate.dsse.signing import load_private_key, signed
from runbook_gate.errors import UsageFault
from runbook_gate.submission import read_task


@click.group()
def task() -> None:
    """Sign a task, as its prequalifier."""


@task.command()
@click.argument("file", metavar="TASK", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="Private key of the prequalifier: ECDSA P-256, an unencrypted PEM file.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The signed task, for `submit`.",
)
@output_option
def sign(file: Path, key_file: Path, out: Path, output: str) -> None:
    """Put a task into a DSSE envelope and sign it.

    The signature is over the whole task, its target and the end of its approval included.
    """
    made = signed(read_task(file), load_private_key(key_file))
    try:
        out.write_text(json.dumps(made.envelope.model_dump(by_alias=True), indent=2) + "\n", encoding="ascii")
    except OSError as fault:
        raise UsageFault(f"--out {out}: {fault.strerror}.") from None
    document = {"file": str(out), "key": made.key}
    emit(output, document, lambda: f"{out}: signed with key {made.key}")
