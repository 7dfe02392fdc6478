"""The entry point: finds the command, runs it, and turns errors into messages and exit statuses."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Final

import click

from runbook_gate import __version__
from runbook_gate.errors import RunbookGateError

# Command: module below runbook_gate.cli, and what `--help` says of it.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "submit": ("submit", "Record a task; --run goes on at once."),
    "run": ("run", "Carry out one task, or the next that is due."),
    "withdraw": ("queue", "Take back a queued task."),
    "pause": ("queue", "Let no run pass cp0 or cp1 until `unpause`."),
    "unpause": ("queue", "Let runs pass again."),
    "status": ("queue", "List runs and queued tasks."),
    "show": ("show", "Tell what happened in a run."),
    "escalations": ("escalations", "List, show, acknowledge and resolve escalations."),
    "ledger": ("ledger", "Check the ledger's chains."),
    "policy": ("policy", "Build the policy bundle."),
    "config": ("config", "Show the effective configuration."),
    "doctor": ("doctor", "Check everything that a run needs."),
    "demo": ("demo", "Do the main job on a local API server."),
}


class LazyCommands(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"runbook_gate.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runbook-gate")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Configuration file; default runbook-gate.toml.",
)
@click.pass_context
def cli(context: click.Context, config_file: str | None) -> None:
    """Runs small, known repairs without a person, and only while every authoritative record still agrees."""
    context.obj = config_file


def main() -> None:
    """Run the command line and exit with a status of the table in README.md."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: without the program's name.

    Returns:
        The exit status.
    """
    try:
        result = cli.main(args=arguments, prog_name="runbook-gate", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Aborted.", err=True)
        return 12
    except click.ClickException as fault:
        fault.show()
        return 2
    except RunbookGateError as fault:
        _tell(fault, as_json="json" in arguments)
        return fault.exit_status
    return result if isinstance(result, int) else 0


def _tell(fault: RunbookGateError, *, as_json: bool) -> None:
    if as_json:
        error = {"kind": type(fault).__name__, "message": str(fault), "advice": fault.advice}
        click.echo(json.dumps({"error": {**error, "exit_status": fault.exit_status}}))
    click.echo(f"Error: {fault}\n{fault.advice}", err=True)
