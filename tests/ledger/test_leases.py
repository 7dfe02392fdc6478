"""Leases and fencing."""

from __future__ import annotations

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.samples import finish, start

from runbook_gate.errors import HeldElsewhere, LeaseLost, UnknownRecord
from runbook_gate.ledger import Draft, Lease, Store

NOTE = Draft("observation", {})


def test_a_held_run_is_not_given_to_another(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    clock.advance(59_999)
    for holder in ("b", lease.holder):
        with pytest.raises(HeldElsewhere, match="another process holds"):
            any_store.leases.acquire(lease.run, holder)
    assert any_store.runs.append(lease, NOTE).lease == 1


def test_an_expired_lease_is_taken_over_with_a_higher_number(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    clock.advance(60_000)
    taken = any_store.leases.acquire(lease.run, "b")
    assert (taken.number, taken.holder, taken.expires_ms) == (2, "b", clock.at_ms + 60_000)
    for attempt in (
        lambda: any_store.runs.append(lease, NOTE),
        lambda: any_store.leases.renew(lease),
        lambda: finish(any_store, lease),
    ):
        with pytest.raises(LeaseLost, match="lease 1"):
            attempt()
    any_store.leases.release(lease)
    assert any_store.runs.append(taken, NOTE).lease == 2
    assert [entry.lease for entry in any_store.runs.entries(lease.run)] == [1, 2]


def test_an_expired_lease_that_nobody_wanted_still_appends(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    clock.advance(3_600_000)
    assert any_store.runs.append(lease, NOTE).seq == 2


def test_renewing_keeps_a_run(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    clock.advance(59_000)
    renewed = any_store.leases.renew(lease)
    assert renewed == Lease(lease.run, 1, lease.holder, clock.at_ms + 60_000)
    clock.advance(59_999)
    with pytest.raises(HeldElsewhere):
        any_store.leases.acquire(lease.run, "b")
    assert any_store.runs.append(lease, NOTE).lease == 1


def test_a_released_run_is_free_at_once(any_store: Store) -> None:
    lease = start(any_store)
    any_store.leases.release(lease)
    with pytest.raises(LeaseLost):
        any_store.runs.append(lease, NOTE)
    taken = any_store.leases.acquire(lease.run, lease.holder, ttl_s=5)
    assert taken.number == 2
    assert any_store.runs.status(lease.run).lease == 2


def test_a_number_is_not_enough(any_store: Store) -> None:
    lease = start(any_store)
    forged = Lease(lease.run, lease.number, "b", lease.expires_ms)
    with pytest.raises(LeaseLost):
        any_store.runs.append(forged, NOTE)


@pytest.mark.parametrize("milliseconds", [-10_000_000, 10_000_000], ids=["back", "forward"])
def test_a_step_of_the_wall_clock_neither_frees_nor_keeps_a_run(
    any_store: Store, clock: ManualClock, milliseconds: int
) -> None:
    lease = start(any_store)
    clock.advance(30_000)
    clock.step(milliseconds)
    with pytest.raises(HeldElsewhere):
        any_store.leases.acquire(lease.run, "b")
    assert any_store.tasks.due() == []
    clock.advance(30_000)
    assert any_store.leases.acquire(lease.run, "b").number == 2


def test_after_a_reboot_the_wall_clock_counts(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    clock.advance(30_000)
    clock.reboot()
    with pytest.raises(HeldElsewhere):
        any_store.leases.acquire(lease.run, "b")
    clock.advance(30_000)
    assert any_store.leases.acquire(lease.run, "b").number == 2


@pytest.mark.parametrize("any_store", ["file", "memory"], indirect=True)  # nobody sets a server's clock here
def test_after_a_reboot_with_a_clock_set_back_a_lease_is_free(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    clock.reboot()
    clock.step(-3_600_000)
    assert [task.run for task in any_store.tasks.due()] == [lease.run]
    assert any_store.leases.acquire(lease.run, "b").number == 2


def test_release_sets_when_the_task_is_due_again(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    any_store.leases.release(lease, not_before_ms=clock.at_ms + 90_000)
    assert any_store.tasks.status("restore-psa-0001").not_before_ms == clock.at_ms + 90_000
    any_store.leases.release(any_store.leases.acquire(lease.run, "b"))
    assert any_store.tasks.status("restore-psa-0001").not_before_ms == 0


def test_unknown_run(any_store: Store) -> None:
    with pytest.raises(UnknownRecord):
        any_store.leases.acquire("r", "a")
