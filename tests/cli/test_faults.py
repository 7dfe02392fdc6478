"""However a command ends early: one message for people, one document for programs, one exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.cli.conftest import Call

from runbook_gate import errors
from runbook_gate.cli.faults import tell, understood, wants_json
from runbook_gate.cli.invocation import Invocation
from runbook_gate.exit_statuses import ExitStatus, markdown_table

SECRET = "hunter2-is-my-password"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("status -o json", True),
        ("status -ojson", True),
        ("status --output json", True),
        ("status --output=json", True),
        ("nonsense --what -o json", True),
        ("status", False),
        ("status -o text", False),
        ("show json", False),
        ("show -- -o json", False),
        ("status -o", False),
    ],
)
def test_whether_json_is_wanted_shows_in_the_words_alone(arguments: str, wanted: bool) -> None:
    assert wants_json(arguments.split()) is wanted


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "No such command 'nonsense'."),
        (["status", "--nonsense"], "No such option '--nonsense'."),
        (["run"], "Give either TASK-ID or --next."),
        (["run", "task-1", "--next"], "Give either TASK-ID or --next."),
        (["run", "--next", "--plan"], "--plan needs a TASK-ID."),
        (["pause"], "Missing option '--reason'."),
        (["show"], "Missing argument 'RUN'."),
        (["status", "-o", "xml"], "Invalid value for '-o'"),
        (["status", "--limit", "0"], "Invalid value for '--limit'"),
        (["escalations"], "A command is missing."),
        ([], "A command is missing."),
        (["--config", "nope.toml", "status"], "nope.toml: there is no such configuration file."),
        (["submit", "nope.yaml"], "nope.yaml: No such file or directory."),
        (["run", "task-1"], "runbook-gate.sqlite: there is no ledger here."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_2_and_says_what_is_wrong(call: Call, arguments: list[str], told: str) -> None:
    refused = call(*arguments)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"Error: {told.rstrip('.')}")
    assert len(refused.err.splitlines()) >= 2


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["status", "--nonsense"], ["submit", "nope.yaml"], ["escalations"], ["show", "x"]]
)
def test_with_json_every_error_is_one_document(call: Call, arguments: list[str]) -> None:
    refused = call(*arguments, "-o", "json")
    error = refused.document["error"]
    assert error["exit_status"] == refused.status == 2
    assert error["message"].splitlines()[0] in refused.err
    assert error["kind"] in {"UsageFault", "InvalidDocument"}


@pytest.fixture
def nobody_expected(tmp_path: Path) -> Path:
    """A configuration with which `pause` ends in an exception of the standard library."""
    path = tmp_path / "strange.toml"
    path.write_text(f'store = "{SECRET}\\u0000"\n')
    return path


def test_an_unexpected_exception_tells_its_type_and_place_but_not_its_text(call: Call, nobody_expected: Path) -> None:
    crashed = call("--config", nobody_expected, "pause", "--reason", "x", "-o", "json")
    assert crashed.status == 1
    first, *rest = crashed.err.splitlines()
    assert first.startswith("Error: unexpected ValueError in runbook_gate/ledger/")
    assert len(rest) == 1
    assert crashed.document["error"]["kind"] == "UnexpectedError"
    assert SECRET not in crashed.out + crashed.err
    assert "Traceback" not in crashed.err


def test_debug_shows_where_it_came_from(call: Call, nobody_expected: Path) -> None:
    crashed = call("--debug", "--config", nobody_expected, "pause", "--reason", "x")
    assert crashed.status == 1
    assert 'cli/queue.py", line' in crashed.err
    assert crashed.err.splitlines()[-3] == "ValueError"
    assert SECRET not in crashed.err


def break_down() -> None:
    """End in an error with a cause."""
    raise errors.LedgerBroken("the chain is broken") from KeyError(SECRET)


def test_debug_shows_causes_without_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(errors.LedgerBroken) as caught:
        break_down()
    assert tell(caught.value, Invocation(debug=True), as_json=False) == 13
    lines = capsys.readouterr().err.splitlines()
    assert "KeyError" in lines
    assert "runbook_gate.errors.LedgerBroken" in lines
    assert lines[-2:] == ["Error: the chain is broken", errors.LedgerBroken.default_advice]
    assert SECRET not in "\n".join(lines)


def test_no_message_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    tell(errors.UsageFault("a\x1b[2Jb\u202ec\nsecond line"), Invocation(), as_json=True)
    told = capsys.readouterr()
    assert told.err.splitlines()[:2] == ["Error: a\ufffd[2Jb\ufffdc", "second line"]
    assert json.loads(told.out)["error"]["message"] == "a\x1b[2Jb\u202ec\nsecond line"


def test_with_a_log_of_json_lines_a_fault_before_the_workers_begin_is_one(call: Call) -> None:
    ended = call("--config", "none.toml", "work", "--log", "json", "-o", "json")
    [line] = map(json.loads, ended.err.splitlines())
    told = json.loads(ended.out)["error"]
    assert (line["event"], line["level"], told["exit_status"]) == ("failed", "error", ended.status)
    assert [line[name] for name in ("kind", "message", "advice")] == [
        told[name] for name in ("kind", "message", "advice")
    ]


def test_a_refused_answer_tells_its_code() -> None:
    told = understood(errors.NoDecision("fence.labels", "another label"))
    assert (told.code, told.status) == ("fence.labels", ExitStatus.STOPPED)


@pytest.mark.parametrize("interruption", [click.Abort(), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_an_interruption_is_12(interruption: BaseException) -> None:
    assert understood(interruption).status == ExitStatus.STOPPED


def test_every_error_has_a_status_of_the_list_and_advice() -> None:
    def below(kind: type[errors.RunbookGateError]) -> list[type[errors.RunbookGateError]]:
        return [kind, *(found for child in kind.__subclasses__() for found in below(child))]

    for kind in below(errors.RunbookGateError):
        assert isinstance(kind.exit_status, ExitStatus)
        assert kind.default_advice.endswith(".")


def test_the_table_of_the_readme_is_the_list() -> None:
    readme = Path(__file__).resolve().parents[2] / "README.md"
    assert markdown_table() in readme.read_text(encoding="utf-8")
    assert [status.value for status in ExitStatus] == [0, 1, 2, 10, 11, 12, 13, 14]


def test_a_reader_that_goes_away_is_no_crash() -> None:
    program = Path(sys.executable).with_name("runbook-gate")
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
        assert process.wait(20) == 1
