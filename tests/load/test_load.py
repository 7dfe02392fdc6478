"""The load itself, small: workers on the real parts, and nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.load.faults import Crowd
from tests.load.loading import load
from tests.load.place import place


@pytest.mark.whole
@pytest.mark.scenario
@pytest.mark.parametrize("postgresql", [True, False], ids=["on a server", "in a file"])
def test_two_workers_carry_out_eight_tasks(tmp_path: Path, postgresql: bool) -> None:
    with place(tmp_path, postgresql=postgresql, namespaces=4) as here:
        told = load(here, 2, Crowd(here, 2 if postgresql else 1, 2))
    assert told["wrong"] == []
    assert told["outcomes"] == {"complete": 8}
    assert told["latency"]["run"]["count"] == 8
