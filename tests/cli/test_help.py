"""Every command of the issue is there, explains itself, and explaining costs nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import click
import pytest
from tests.cli.conftest import Call

from runbook_gate import __version__
from runbook_gate.cli.main import COMMANDS, cli

WANTED = {
    "submit",
    "task sign",
    "run",
    "work",
    "withdraw",
    "pause",
    "unpause",
    "status",
    "show",
    "escalations list",
    "escalations show",
    "escalations ack",
    "escalations resolve",
    "notifications list",
    "notifications retry",
    "ledger verify",
    "ledger reconcile",
    "ledger seal",
    "db check",
    "db upgrade",
    "store backup",
    "store restore",
    "store mark-restored",
    "policy explain",
    "policy inspect",
    "policy diff",
    "policy build",
    "policy archive list",
    "policy impact",
    "policy archive get",
    "policy archive add",
    "replay",
    "evidence export",
    "evidence verify",
    "query runs",
    "query writes",
    "query retries",
    "query policy",
    "query figures",
    "runbook show",
    "runbook diff",
    "config show",
    "doctor",
    "deploy render",
    "demo",
}
HEAVY = {
    "alembic",
    "sqlalchemy",
    "kubernetes",
    "pydantic",
    "requests",
    "opa_client",
    "jinja2",
    "yaml",
    "rich",
    "cryptography",
    "structlog",
    "prometheus_client",
}


def leaves(group: click.Group, path: str = "") -> dict[str, click.Command]:
    """Every command that does something, by its words."""
    context, found = click.Context(group), dict[str, click.Command]()
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = f"{path} {name}".strip()
        found |= leaves(command, words) if isinstance(command, click.Group) else {words: command}
    return found


LEAVES = leaves(cli)


def test_every_command_that_is_wanted_is_there() -> None:
    assert set(LEAVES) == WANTED


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_explains_itself_and_gives_json(call: Call, words: str) -> None:
    helped = call(*words.split(), "--help")
    assert (helped.status, helped.err) == (0, "")
    assert f"Usage: runbook-gate {words}" in helped.out
    assert re.search(r"-o, --output \[text\|json(\|csv)?\]", helped.out)
    for parameter in LEAVES[words].params:
        assert isinstance(parameter, click.Argument) or (isinstance(parameter, click.Option) and parameter.help)


def test_the_list_says_of_each_command_what_the_command_says() -> None:
    context = click.Context(cli)
    told = {name: cli.get_command(context, name).get_short_help_str(200) for name in COMMANDS}  # type: ignore[union-attr]
    assert {name: text for name, (_, text) in COMMANDS.items()} == told


def test_no_line_of_the_list_is_cut(call: Call) -> None:
    assert "..." not in call("--help").out.partition("Commands:")[2]
    assert "..." not in call("escalations", "--help").out.partition("Commands:")[2]


def test_help_imports_nothing_that_is_slow() -> None:
    program = (
        "import json, sys\n"
        "from runbook_gate.cli.main import run\n"
        "status = run(['--help'])\n"
        "print(json.dumps([status, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    assert "Usage: runbook-gate" in done.stdout
    assert HEAVY & {name.partition(".")[0] for name in modules} == set()


def test_the_version(call: Call) -> None:
    assert call("--version").out == f"runbook-gate, version {__version__}\n"
