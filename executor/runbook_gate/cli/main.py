"""The entry point: finds the command, runs it, and turns errors into messages and exit statuses."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from runbook_gate import __version__
from runbook_gate.cli.faults import tell, understood, wants_json
from runbook_gate.cli.invocation import Invocation
from runbook_gate.cli.overheard import on_stderr, overhear
from runbook_gate.exit_statuses import ExitStatus

# Command: module below runbook_gate.cli, and what `--help` says of it.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "submit": ("submit", "Record a task; --run goes on at once."),
    "task": ("task", "Sign a task, as its prequalifier."),
    "run": ("run", "Carry out one task, or the next that is due."),
    "work": ("work", "Carry out due tasks, several at once, until asked to stop."),
    "withdraw": ("queue", "Take back a queued task."),
    "pause": ("queue", "Let no run pass cp0 or cp1 until `unpause`."),
    "unpause": ("queue", "Let runs pass again."),
    "status": ("status", "List runs and queued tasks, written but unverified runs first."),
    "show": ("show", "Tell what happened in a run."),
    "escalations": ("escalations", "List, show, acknowledge and resolve escalations."),
    "notifications": ("notifications", "List what the receiver was told and is still to be, and send it now."),
    "ledger": ("ledger", "Check the ledger, by itself and against what others recorded."),
    "db": ("db", "Check and upgrade the tables of the store."),
    "store": ("store", "Back up an SQLite store, restore one, mark any as restored."),
    "policy": ("policy", "Build, inspect, compare, explain and archive policies."),
    "replay": ("replay", "Decide again what was recorded, and compare with other policies."),
    "evidence": ("evidence", "Export runs for somebody else, and verify such an export."),
    "query": ("query", "Answer what auditors ask: runs, writes, retries, policies, figures."),
    "runbook": ("runbook", "Show and compare runbook revisions."),
    "config": ("config", "Show the effective configuration."),
    "doctor": ("doctor", "Check everything that a run needs."),
    "deploy": ("deploy", "Write the rights and admission parameters of targets."),
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
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Configuration file; default: RUNBOOK_GATE_CONFIG, then runbook-gate.toml.",
)
@click.option("--debug", is_flag=True, help="On an error, show the calls that led to it.")
@click.pass_context
def cli(context: click.Context, config_file: Path | None, debug: bool) -> None:
    """Runs small, known repairs without a person, and only while every authoritative record still agrees."""
    invocation = context.ensure_object(Invocation)
    invocation.config_file, invocation.debug = config_file, debug


def main() -> None:
    """Run the command line and exit with a status of `ExitStatus`."""
    overhear(on_stderr)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: what was started is stopped
    status = run(sys.argv[1:])
    try:
        sys.stderr.flush()
    except OSError:  # nobody reads it any more; Python would end with a status of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: without the program's name.

    Returns:
        The exit status.
    """
    invocation = Invocation()
    try:
        result = cli.main(args=arguments, prog_name="runbook-gate", standalone_mode=False, obj=invocation)
        sys.stdout.flush()
    except BrokenPipeError as gone:
        # Whoever read our output has gone, and there is nobody left to tell. click itself tells of an interruption.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.STOPPED if isinstance(gone.__context__, KeyboardInterrupt) else ExitStatus.UNEXPECTED
    except (Exception, KeyboardInterrupt) as error:  # the one place where all end
        with suppress(OSError):
            return tell(error, invocation, as_json=wants_json(arguments))
        return understood(error).status
    return result if isinstance(result, int) else ExitStatus.COMPLETE
