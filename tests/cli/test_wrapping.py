"""Texts for a terminal: nothing breaks inside a key, and tables are as wide as the terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios

import pytest

from runbook_gate.cli.tables import table
from runbook_gate.cli.wrapping import WIDTH, facts

KEY = "pod-security.kubernetes.io/enforce-version"
PATH = f'input.observed.gather.body.last.object.labels["{KEY}"]'


def test_a_fact_never_breaks_inside_a_key() -> None:
    found = {PATH: {KEY: "v1.36", f"{KEY}-of-another": None, "a key of words": [1, 2]}}
    lines = list(facts(found, indent="    "))
    assert all(len(line) <= WIDTH for line in lines)
    assert any(f'["{KEY}"]' in line for line in lines)
    assert any(f'"{KEY}": ' in line or line.endswith(f'"{KEY}":') for line in lines)
    joined = "".join(line.strip() for line in lines).replace(" ", "")
    assert joined == f'{PATH}={{"{KEY}":"v1.36","{KEY}-of-another":null,"akeyofwords":[1,2]}}'


def test_what_is_longer_than_a_line_is_broken_all_the_same() -> None:
    lines = list(facts({"input.x": "y" * 200}, indent="  "))
    assert all(len(line) <= WIDTH for line in lines)
    assert "".join(line.strip() for line in lines) == f'input.x= "{"y" * 200}"'.replace("= ", "=")


def test_a_table_uses_a_wide_terminal_and_a_file_gets_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("a", "word " * 30)]
    assert max(map(len, table(("x", "y"), rows))) <= WIDTH
    master, slave = pty.openpty()
    try:
        with os.fdopen(slave, "w", closefd=False) as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            _resize(slave, 120)
            assert WIDTH < max(map(len, table(("x", "y"), rows))) <= 120
            _resize(slave, 40)
            assert 40 < max(map(len, table(("x", "y"), rows))) <= WIDTH
    finally:
        os.close(master)
        os.close(slave)


def _resize(terminal: int, columns: int) -> None:

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
