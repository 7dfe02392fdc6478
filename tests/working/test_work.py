"""`work` on the real API server: each task one run, whatever ends the process or its sidecar."""

from __future__ import annotations

import pytest
from tests.working.conftest import Fleet, ended

pytestmark = pytest.mark.scenario


def test_a_queue_is_worked_off_with_one_run_for_each_task(fleet: Fleet) -> None:
    tasks = fleet.submit(2)
    with fleet.working("--until-empty", "--concurrency", "4") as started:
        end = ended(started)
    assert end.status == 10, end
    fleet.assert_kept(tasks)
    print(end.out, len(end.log))
