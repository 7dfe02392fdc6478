"""Everything in any order, and the promise is kept after every step.

`make test` takes a short way that is always the same; `make state-machine` takes a long one, another each time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.statemachine.machine import RestlessMachine
from tests.statemachine.tally import Tally
from tests.statemachine.world import Policy

# Steps that write, hang and are taken over are slow and many by nature.
_COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))
SHORT = settings(_COMMON, max_examples=9, stateful_step_count=25, derandomize=True)
LONG = settings(_COMMON, max_examples=90, stateful_step_count=40, print_blob=True)


@pytest.mark.timeout(5400)  # as a whole on a server, beside other tests
def test_the_promise_is_kept_whatever_happens_in_whatever_order(
    folder: Path, shipped: Policy, stranger: Policy, pytestconfig: pytest.Config
) -> None:
    whole, tally = bool(pytestconfig.getoption("--whole")), Tally()

    class Machine(RestlessMachine):
        """In this folder, under these policies."""

    Machine.folder, Machine.shipped, Machine.stranger, Machine.tally = folder, shipped, stranger, tally
    run_state_machine_as_test(Machine, settings=LONG if whole else SHORT)
    print(f"\n{tally}")
    # A machine that never writes, hangs or is overtaken would show nothing.
    assert tally.writes["1 intents"]
    assert tally.writes["2 intents"]
    assert {"complete", "escalated", "killed", "LeaseLost", "HeldElsewhere"} <= set(tally.processes)
