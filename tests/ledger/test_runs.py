"""Runs: opening, appending, reading, ending."""

from __future__ import annotations

import contextlib
import json

import pytest
from tests.fakes.clock import BOOT, ManualClock
from tests.ledger.samples import EXECUTOR, TARGET, decide, finish, opened, record, start, task, whole_run

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.errors import CanonicalError, HeldElsewhere, LeaseLost, LedgerFault, TaskConflict, UnknownRecord
from runbook_gate.ledger import Draft, Store, packet_id
from runbook_gate.models.runbook import Opened


def test_the_first_entry_has_everything(any_store: Store, clock: ManualClock) -> None:
    any_store.tasks.submit(task())
    body = opened(any_store, task())
    clock.advance(7)
    lease, entry = any_store.runs.open(body, holder="host/1/a")
    assert (lease.number, lease.holder, lease.expires_ms) == (1, "host/1/a", clock.at_ms + 60_000)
    assert (entry.run, entry.task, entry.runbook) == (lease.run, task().id, task().runbook)
    assert (entry.step, entry.seq, entry.kind, entry.prev_sha256) == ("restore", 1, "opened", None)
    assert (entry.at_ms, entry.boottime_ms, entry.boot_id) == (clock.at_ms, clock.boottime_ms, BOOT)
    assert (entry.executor, entry.lease, entry.actor, entry.server_date_ms) == (EXECUTOR, 1, "executor", None)
    assert Opened.model_validate(entry.body) == body
    assert any_store.runs.entries(lease.run) == [entry]
    assert (any_store.tasks.status(task().id).state, any_store.tasks.status(task().id).run) == ("active", lease.run)


def test_run_ids_are_short_safe_and_sort_by_time(any_store: Store, clock: ManualClock) -> None:
    runs = []
    for number in range(1, 6):
        runs.append(start(any_store, number, target=f"t/{number}").run)
        clock.advance(1)
    assert runs == sorted(runs)
    for run in runs:
        assert len(run) == 26
        assert set(run) <= set("0123456789abcdefghjkmnpqrstvwxyz")
        assert len(f"rbgate.{run}.99") <= 128


def test_each_entry_follows_from_the_one_before(any_store: Store, clock: ManualClock) -> None:
    lease = start(any_store)
    for number in range(3):
        clock.advance(10)
        draft = Draft("observation", {"n": number}, "cp1", attempt=1, server_date_ms=clock.at_ms - 1)
        any_store.runs.append(lease, draft)
    entries = any_store.runs.entries(lease.run)
    assert [entry.seq for entry in entries] == [1, 2, 3, 4]
    assert [entry.prev_sha256 for entry in entries] == [None, *(entry.sha256 for entry in entries[:-1])]
    assert entries[-1].at_ms - entries[0].at_ms == 30
    assert (entries[-1].attempt, entries[-1].checkpoint, entries[-1].server_date_ms) == (1, "cp1", clock.at_ms - 1)


def test_the_digest_is_that_of_the_stored_bytes(store: Store, attacker: object) -> None:
    lease = start(store)
    appended = store.runs.append(lease, Draft("observation", {"text": "\u20ac <&>", "tuple": (1, None)}, "cp1"))
    fields = appended.model_dump(mode="json", by_alias=True)
    del fields["sha256"]
    assert sha256_hex(canonical_bytes(fields)) == appended.sha256
    assert appended.body["tuple"] == [1, None]
    assert store.runs.entries(lease.run)[-1] == appended


def test_a_step_stays_until_another_is_named(any_store: Store) -> None:
    lease = start(any_store)
    drafts = [Draft("observation", {}), Draft("observation", {}, step="second"), Draft("observation", {})]
    steps = [any_store.runs.append(lease, draft).step for draft in drafts]
    assert steps == ["restore", "second", "second"]
    assert any_store.runs.status(lease.run).step == "second"


def test_a_batch_is_recorded_together(any_store: Store) -> None:
    lease = start(any_store)
    with any_store.runs.batch(lease) as batch:
        decision = batch.append(Draft("decision", {}, "cp1"))
        batch.append(Draft("intent", {"decision": decision.sha256}, "cp2", attempt=1))
        digest = batch.put(b"asked")
    entries = any_store.runs.entries(lease.run)
    assert [entry.kind for entry in entries] == ["opened", "decision", "intent"]
    assert entries[2].body["decision"] == entries[1].sha256 == entries[2].prev_sha256
    assert any_store.evidence.get(digest) == b"asked"


def test_a_batch_that_raises_leaves_nothing(any_store: Store) -> None:
    lease = start(any_store)
    with contextlib.suppress(ZeroDivisionError), any_store.runs.batch(lease) as batch:
        batch.append(Draft("decision", {}, "cp1"))
        digest = batch.put(b"asked")
        raise ZeroDivisionError
    with pytest.raises(CanonicalError):
        any_store.runs.append(lease, Draft("observation", {"ratio": 0.5}))
    with pytest.raises(ZeroDivisionError), any_store.runs.batch(lease) as batch:
        batch.finish(Draft("escalated", {}), lambda entry: bytes(1 // 0))
    assert [entry.kind for entry in any_store.runs.entries(lease.run)] == ["opened"]
    assert not any_store.evidence.has(digest)
    assert any_store.runs.status(lease.run).state == "active"
    assert any_store.runs.append(lease, Draft("observation", {})).seq == 2


def test_one_active_run_per_target(any_store: Store) -> None:
    lease = start(any_store, 1)
    any_store.tasks.submit(task(2))
    with pytest.raises(HeldElsewhere, match=lease.run):
        any_store.runs.open(opened(any_store, task(2)), holder="b")
    assert any_store.tasks.status(task(2).id).state == "queued"
    any_store.runs.open(opened(any_store, task(2), target="another/target"), holder="b")
    finish(any_store, lease)
    assert start(any_store, 3).run != lease.run


def test_one_run_per_task(any_store: Store) -> None:
    lease = start(any_store)
    again = opened(any_store, task(), target="another/target")
    with pytest.raises(HeldElsewhere, match="active by now"):
        any_store.runs.open(again, holder="b")
    finish(any_store, lease)
    with pytest.raises(HeldElsewhere, match="finished by now"):
        any_store.runs.open(again, holder="b")


def test_only_a_submitted_task_is_opened(any_store: Store) -> None:
    with pytest.raises(UnknownRecord):
        any_store.runs.open(opened(any_store, task()), holder="a")
    any_store.tasks.submit(task())
    with pytest.raises(TaskConflict):
        any_store.runs.open(opened(any_store, task(retry_budget=9)), holder="a")
    assert any_store.runs.list() == []


@pytest.mark.parametrize(("kind", "outcome"), [("completed", "complete"), ("escalated", "escalated")])
def test_the_end_of_a_run(any_store: Store, clock: ManualClock, kind: str, outcome: str) -> None:
    lease = start(any_store)
    assert any_store.runs.result(task().id) is None
    finished = finish(any_store, lease, kind)
    last = any_store.runs.entries(lease.run)[-1]
    assert (finished.outcome, finished.run, finished.task, finished.head) == (
        outcome,
        lease.run,
        task().id,
        last.sha256,
    )
    assert finished.record == record(kind, last.sha256)
    assert any_store.evidence.get(finished.record_sha256) == finished.record
    assert finished.packet == (packet_id(last.sha256) if kind == "escalated" else None)
    clock.advance(1_000_000)
    assert any_store.runs.result(task().id) == finished
    status = any_store.runs.status(lease.run)
    assert (status.state, status.holder, status.record_sha256) == (outcome, None, finished.record_sha256)
    assert any_store.tasks.status(task().id).outcome == outcome


def test_nothing_is_added_after_the_end(any_store: Store) -> None:
    lease = start(any_store)
    with any_store.runs.batch(lease) as batch:
        batch.finish(Draft("escalated", {}), lambda entry: b"packet")
        for add in (
            lambda: batch.append(Draft("observation", {})),
            lambda: batch.finish(Draft("completed", {}), lambda _: b""),
        ):
            with pytest.raises(LedgerFault, match="has ended"):
                add()
    with pytest.raises(LeaseLost):
        any_store.runs.append(lease, Draft("observation", {}))
    with pytest.raises(HeldElsewhere, match="has ended"):
        any_store.leases.acquire(lease.run, "b")
    assert len(any_store.escalations.list()) == 1


def test_status_names_the_newest_entry(any_store: Store) -> None:
    lease = start(any_store)
    any_store.runs.append(lease, Draft("intent", {}, "cp2", attempt=1))
    newest = decide(any_store, lease, "cp3")[-1]
    status = any_store.runs.status(lease.run)
    assert (status.seq, status.head, status.kind, status.checkpoint) == (4, newest.sha256, "decision", "cp3")
    assert (status.intents, status.holder, status.lease, status.state) == (1, "host/1/a", 1, "active")
    assert any_store.runs.list("active") == [status]
    assert any_store.runs.list("complete") == []


def test_runs_past_their_deadline(any_store: Store, clock: ManualClock) -> None:
    for number, seconds in ((1, 20), (2, 10), (3, 30), (4, 5)):
        any_store.tasks.submit(task(number))
        body = opened(any_store, task(number), target=f"t/{number}", deadline_ms=clock.at_ms + seconds * 1000)
        lease, _ = any_store.runs.open(body, holder="a")
    finish(any_store, lease)
    assert any_store.runs.past_deadline() == []
    clock.advance(20_000)
    assert [run.task[-1] for run in any_store.runs.past_deadline()] == ["2", "1"]


def test_unknown_runs(any_store: Store) -> None:
    for ask in (any_store.runs.entries, any_store.runs.status, lambda run: any_store.verify(run=run)):
        with pytest.raises(UnknownRecord, match="no run r"):
            ask("r")


def test_everything_is_there_after_opening_again(store: Store, reopen: object) -> None:
    finished = whole_run(store, kind="escalated")
    entries = store.runs.entries(finished.run)
    store.close()
    again: Store = reopen()  # type: ignore[operator]
    assert again.runs.entries(finished.run) == entries
    assert again.runs.result(finished.task) == finished
    assert json.loads(again.escalations.packet(str(finished.packet)))["head"] == finished.head
    assert again.facts(TARGET).previous_chain == "intact"
