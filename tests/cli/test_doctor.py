"""`doctor` as it is read; what it finds is in tests/doctor."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Call


def test_one_aligned_line_each_with_the_remedy(call: Call) -> None:
    examined = call("doctor")
    assert (examined.status, examined.err) == (1, "")
    lines = examined.out.splitlines()
    assert {line[:6] for line in lines} == {"ok    ", "FAIL  "}
    rows = [re.fullmatch(r"(?:ok|FAIL) +((?:\w+ )*\w+ +)(\S.*)", line) for line in lines]
    assert {row.start(2) for row in rows if row} == {len("FAIL  register platform_exceptions  ")}
    assert all(rows)
    assert [line for line in lines if line.startswith("FAIL") and " → " not in line] == []
    assert any(line.startswith("FAIL  cluster ") for line in lines)


def test_for_programs(call: Call, tmp_path: Path) -> None:
    told = call("doctor", "-o", "json").document
    assert told["fit"] is False
    assert set(told["findings"][0]) == {"name", "fit", "told", "remedy"}
    assert list(tmp_path.iterdir()) == []
