"""Everything in any order, and the promise is kept after every step.

`make test` takes a short way that is always the same; `make state-machine` takes a long one, another each time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.statemachine.machine import RestlessMachine, Tally
from tests.statemachine.world import Policy


@pytest.mark.timeout(1800)
def test_the_promise_is_kept_whatever_happens_in_whatever_order(
    tmp_path: Path, shipped: Policy, stranger: Policy, pytestconfig: pytest.Config
) -> None:
    tally = Tally()

    class Machine(RestlessMachine):
        pass

    Machine.folder, Machine.shipped, Machine.stranger, Machine.tally = tmp_path, shipped, stranger, tally
    run_state_machine_as_test(Machine, settings=settings(settings.get_profile("long"), phases=[Phase.generate]))
    print(tally)
