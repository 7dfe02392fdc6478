"""The store fails at each of the transactions of a run: nothing happens without a record, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.runs import LittleWorld
from tests.promise import broken
from tests.store_failures.failing import Failing, Moment, failing

from runbook_gate.errors import LedgerUnwritable

SERVER_CODES = ("53100", "58030", "25006", "55P03")
CODES = ("SQLITE_FULL", "SQLITE_IOERR_FSYNC", "SQLITE_READONLY", "SQLITE_BUSY")
# Of an undisturbed run: the bundle, the opening, each append, each renewal of the lease, the end with its notification.
TRANSACTIONS = 16
STATEMENTS = 52
LEASE_MS = 61_000


def undisturbed(world: LittleWorld, moment: Moment) -> int:
    """How many such moments a run has."""
    counted = Failing(moment, 0)
    with world.open() as store, failing(store, counted):
        assert world.session(store, "task-1").run_task("task-1").outcome == "complete"
    return counted.seen


@pytest.mark.parametrize(
    ("moment", "number"), [("begin", TRANSACTIONS), ("commit", TRANSACTIONS), ("insert", STATEMENTS)]
)
def test_every_moment_of_a_run_has_its_case(world: LittleWorld, moment: Moment, number: int) -> None:
    assert undisturbed(world, moment) == number


def fails(world: LittleWorld, moment: Moment, first: int) -> None:
    """The store fails from there on; two processes run into it, then it is mended and a third one ends the run."""
    requests: list[int] = []
    codes = CODES if isinstance(world.settings.store, Path) else SERVER_CODES
    code = codes[first % len(codes)]
    failure = Failing(moment, first, code, noticed=lambda: requests.append(len(world.server.audit)))
    with world.open() as store, failing(store, failure):
        for _process in range(2):
            with pytest.raises(LedgerUnwritable) as told:
                world.session(store, "task-1").run_task("task-1")
            assert told.value.exit_status == 13
            assert str(told.value).startswith(f"{world.settings.store}: ")
            assert str(told.value).endswith(f"{code})")
            assert "start the same command again" in told.value.advice
            world.clock.advance(LEASE_MS)  # the lease could not be given back
    assert requests == [len(world.server.audit)], "a request went out after the store had failed"
    assert world.run("task-1").outcome == "complete"
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []


@pytest.mark.parametrize("first", range(1, TRANSACTIONS + 1))
@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_a_transaction_that_fails(world: LittleWorld, moment: Moment, first: int) -> None:
    fails(world, moment, first)


@pytest.mark.parametrize("first", range(1, STATEMENTS + 1))
def test_a_statement_within_a_transaction_that_fails(world: LittleWorld, first: int) -> None:
    fails(world, "insert", first)
