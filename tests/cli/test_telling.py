"""Progress on stderr: short lines on a terminal, one line each in a log, nothing that moves the cursor."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from tests.fakes.runs import LittleWorld

from runbook_gate.cli.output import columns
from runbook_gate.cli.telling import Teller
from runbook_gate.printable import printable

ENFORCE = "pod-security.kubernetes.io/enforce"


def told(world: LittleWorld, task: str, *, terminal: bool, width: int = 80) -> str:
    """What a run tells."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, highlight=False)
    world.run(task, Teller(console))
    return out.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture
def long_names(world: LittleWorld) -> LittleWorld:
    world.submit("task-1", "payments-settlement-and-clearing-of-the-whole-continent-prod")
    return world


@pytest.mark.parametrize("width", [60, 80, 100])
def test_on_a_terminal_lines_are_wrapped_between_words_and_indented(long_names: LittleWorld, width: int) -> None:
    lines = plain(told(long_names, "task-1", terminal=True, width=width)).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)
    whole = " ".join(line.strip() for line in lines)
    assert "register platform_exceptions: answered, version 4711, 0 records" in whole
    assert all(re.match(r"(?:run|cp\d|    \w|      ?\w| {12}\S| {2,6}\S)", line) for line in lines)


def test_in_a_log_each_is_one_line(long_names: LittleWorld) -> None:
    text = told(long_names, "task-1", terminal=False)
    assert "\x1b" not in text
    lines = text.splitlines()
    assert sum(line.startswith("    read    namespace ") for line in lines) == 9
    assert max(map(len, lines)) > 100
    assert [line.split()[0] for line in lines if line.startswith("cp")] == ["cp0", "cp1", "cp2", "cp3", "cp3", "cp4"]


def test_a_namespace_that_is_unchanged_is_told_once(long_names: LittleWorld) -> None:
    reads = [line for line in told(long_names, "task-1", terminal=False).splitlines() if "read    namespace" in line]
    assert [line.endswith(", unchanged") for line in reads] == [False, True, False, *[True] * 6]
    assert reads[0].endswith(": 6 of 6 labels absent")
    assert reads[2].endswith(
        ": audit=restricted, audit-version=v1.31, enforce=restricted, enforce-version=v1.31, warn=restricted, "
        "warn-version=v1.31"
    )


def test_foreign_markup_is_shown_as_it_is(world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    world.server.namespaces["payments-one"]["metadata"]["labels"][ENFORCE] = "[red]x[/red]"
    assert "enforce=[red]x[/red], 5 of 6 labels absent" in told(world, "task-1", terminal=False)


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns([("a", None, 1), ("long", "x\ny", "last")], indent=" ") == [
        " a     -    1",
        " long  x\ufffdy  last",
    ]


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\n", "\r", "\x85", "\u200b", "\u202e", "\u2028", "\ufeff", "\ud800"]
)
def test_what_cannot_be_seen_is_replaced(character: str) -> None:
    assert printable(f"a{character}b") == "a\ufffdb"


def test_what_can_be_seen_stays() -> None:
    assert printable("Zoë ≠ 5 %") == "Zoë ≠ 5 %"
