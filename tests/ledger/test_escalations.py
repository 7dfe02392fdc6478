"""Escalations and pauses: what people did, in the store's own chain."""

from __future__ import annotations

import json

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attacker
from tests.ledger.samples import TARGET, task, whole_run

from runbook_gate.errors import UnknownRecord
from runbook_gate.ledger import Handling, Store


def journal(attacker: Attacker) -> list[tuple[str, str | None, str]]:
    rows = attacker.execute("SELECT data FROM journal ORDER BY seq").fetchall()
    entries = [json.loads(data) for (data,) in rows]
    return [(entry["kind"], entry["subject"], entry["actor"]) for entry in entries]


def test_from_open_to_resolved(any_store: Store, clock: ManualClock) -> None:
    finished = whole_run(any_store, kind="escalated")
    packet = str(finished.packet)
    there = any_store.escalations.get(packet)
    assert (there.run, there.task, there.target_key) == (finished.run, finished.task, TARGET)
    assert (there.state, there.at_ms, there.packet_sha256) == ("open", clock.at_ms, finished.record_sha256)
    assert any_store.escalations.packet(packet) == finished.record
    clock.advance(5)
    taken = any_store.escalations.acknowledge(packet, actor="leah", note="looking")
    assert (taken.state, taken.acknowledged) == ("acknowledged", Handling("leah", "looking", clock.at_ms))
    assert any_store.escalations.acknowledge(packet, actor="max", note="me too") == taken
    clock.advance(5)
    closed = any_store.escalations.resolve(packet, actor="max", note="done")
    assert (closed.state, closed.acknowledged) == ("resolved", taken.acknowledged)
    assert closed.resolved == Handling("max", "done", clock.at_ms)
    for again in (any_store.escalations.acknowledge, any_store.escalations.resolve):
        assert again(packet, actor="eve", note="late") == closed
    assert any_store.verify().consistent


def test_lists_by_state(any_store: Store, clock: ManualClock) -> None:
    packets = []
    for number in range(1, 5):
        packets.append(str(whole_run(any_store, number, target=f"t/{number}", kind="escalated").packet))
        clock.advance(1)
    any_store.escalations.acknowledge(packets[1], actor="leah", note="")
    any_store.escalations.resolve(packets[2], actor="leah", note="")
    any_store.escalations.acknowledge(packets[3], actor="leah", note="")
    any_store.escalations.resolve(packets[3], actor="leah", note="")
    listed = {
        state: [packets.index(e.id) for e in any_store.escalations.list(state)]
        for state in ("all", "open", "acknowledged", "resolved")
    }
    assert listed == {"all": [0, 1, 2, 3], "open": [0], "acknowledged": [1], "resolved": [2, 3]}
    assert [e.id for e in any_store.escalations.list(limit=1)] == packets[:1]


@pytest.mark.parametrize("end", ["acknowledge", "resolve"])
def test_unacknowledged_ones_of_a_target(any_store: Store, end: str) -> None:
    finished = whole_run(any_store, kind="escalated")
    whole_run(any_store, 2, target="other", kind="escalated")
    whole_run(any_store, 3)
    assert [(e.id, e.run) for e in any_store.escalations.unacknowledged(TARGET)] == [(finished.packet, finished.run)]
    getattr(any_store.escalations, end)(finished.packet, actor="leah", note="")
    assert any_store.escalations.unacknowledged(TARGET) == []


def test_unknown_escalations(any_store: Store) -> None:
    for ask in (any_store.escalations.get, any_store.escalations.packet):
        with pytest.raises(UnknownRecord, match="no escalation esc-1"):
            ask("esc-1")
    for handle in (any_store.escalations.acknowledge, any_store.escalations.resolve):
        with pytest.raises(UnknownRecord, match="no escalation esc-1"):
            handle("esc-1", actor="leah", note="")


def test_pauses(any_store: Store, clock: ManualClock) -> None:
    assert any_store.pauses.current() is None
    assert not any_store.pauses.unpause(actor="leah")
    first = any_store.pauses.pause("change freeze", actor="leah")
    assert (first.actor, first.reason, first.since_ms) == ("leah", "change freeze", clock.at_ms)
    assert any_store.pauses.current() == first
    second = any_store.pauses.pause("longer freeze", actor="max")
    assert any_store.pauses.current() == second
    assert any_store.pauses.unpause(actor="max")
    assert any_store.pauses.current() is None
    assert any_store.pauses.pause("again", actor="leah") == any_store.pauses.current()


def test_everything_people_ask_is_an_entry_with_its_actor(store: Store, attacker: Attacker) -> None:
    packet = str(whole_run(store, kind="escalated").packet)
    store.tasks.submit(task(2))
    store.tasks.withdraw(task(2).id, actor="max")
    store.pauses.pause("freeze", actor="leah")
    store.pauses.unpause(actor="leah")
    store.escalations.acknowledge(packet, actor="leah", note="")
    store.escalations.resolve(packet, actor="leah", note="")
    assert journal(attacker) == [
        ("submitted", "restore-psa-0001", "ci-platform"),
        ("submitted", "restore-psa-0002", "ci-platform"),
        ("withdrawn", "restore-psa-0002", "max"),
        ("paused", None, "leah"),
        ("unpaused", None, "leah"),
        ("acknowledged", packet, "leah"),
        ("resolved", packet, "leah"),
    ]
    own = store.verify().chains[-1]
    assert (own.chain, own.entries, own.result) == ("store", 7, "chain consistent")
