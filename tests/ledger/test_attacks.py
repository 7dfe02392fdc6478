"""Attacks on a store by somebody who owns the file: triggers dropped, rows changed, then `verify`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attack

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import KeptHead, Store


def flip(a: Attack) -> None:
    row = a.connection.execute("SELECT data FROM entries WHERE run = ? AND seq = 4", (a.complete,)).fetchone()
    data = bytearray(row[0])
    data[len(data) // 2] ^= 1
    a.do("UPDATE entries SET data = ? WHERE run = ? AND seq = 4", bytes(data), a.complete)


def replace(a: Attack) -> None:
    a.forge(a.complete, 4, canonical_bytes(a.read(a.complete, 4) | {"actor": "eve"}))


def replace_the_newest(a: Attack) -> None:
    a.forge(a.active, 5, canonical_bytes(a.read(a.active, 5) | {"actor": "eve"}))


def delete(a: Attack) -> None:
    a.do("DELETE FROM entries WHERE run = ? AND seq = 4", a.complete)


def delete_and_close_the_gap(a: Attack) -> None:
    delete(a)
    a.do("UPDATE entries SET seq = seq - 1 WHERE run = ? AND seq > 4", a.complete)


def delete_the_first(a: Attack) -> None:
    a.do("DELETE FROM entries WHERE run = ? AND seq = 1", a.complete)


def delete_all(a: Attack) -> None:
    a.do("DELETE FROM entries WHERE run = ?", a.complete)


def truncate(a: Attack) -> None:
    a.do("DELETE FROM entries WHERE run = ? AND seq > 3", a.active)


def truncate_a_finished_run_and_its_index(a: Attack) -> None:
    head = a.read(a.complete, 11)["prev_sha256"]
    a.do("DELETE FROM entries WHERE run = ? AND seq = 11", a.complete)
    a.do("UPDATE runs SET seq = 10, head = ? WHERE id = ?", head, a.complete)


def insert(a: Attack) -> None:
    for seq in (5, 4):
        a.do("UPDATE entries SET seq = seq + 1 WHERE run = ? AND seq = ?", a.active, seq)
    data = canonical_bytes(a.read(a.active, 3) | {"seq": 4})
    a.do("INSERT INTO entries VALUES (?, 4, 'decision', 'cp0', ?, ?)", a.active, sha256_hex(data), data)


def append_unlinked(a: Attack) -> None:
    data = canonical_bytes(a.read(a.active, 5) | {"seq": 6})
    a.do("INSERT INTO entries VALUES (?, 6, 'decision', 'cp1', ?, ?)", a.active, sha256_hex(data), data)
    a.do("UPDATE runs SET seq = 6, head = ? WHERE id = ?", sha256_hex(data), a.active)


def reorder(a: Attack) -> None:
    for old, new in ((4, 99), (5, 4), (99, 5)):
        a.do("UPDATE entries SET seq = ? WHERE run = ? AND seq = ?", new, a.complete, old)


def swap_between_runs(a: Attack) -> None:
    for old, new in ((a.complete, "x"), (a.escalated, a.complete), ("x", a.escalated)):
        a.do("UPDATE entries SET run = ? WHERE run = ? AND seq = 4", new, old)


def duplicate_keys(a: Attack) -> None:
    data = canonical_bytes(a.read(a.active, 5))
    digest = a.forge(a.active, 5, b'{"actor":"eve",' + data[1:])
    a.do("UPDATE runs SET head = ? WHERE id = ?", digest, a.active)


def not_json(a: Attack) -> None:
    a.forge(a.complete, 4, b"[" * 100_000)


def a_float(a: Attack) -> None:
    a.forge(a.complete, 4, canonical_bytes(a.read(a.complete, 4)).replace(b'"seq":4', b'"seq":4.0'))


def not_an_object(a: Attack) -> None:
    a.forge(a.complete, 4, b"[]")


def text_for_bytes(a: Attack) -> None:
    a.do("UPDATE entries SET data = CAST(data AS TEXT) WHERE run = ? AND seq = 4", a.complete)


def text_for_position(a: Attack) -> None:
    a.do("UPDATE entries SET seq = 'four' WHERE run = ? AND seq = 4", a.complete)


def text_for_the_newest_position(a: Attack) -> None:
    a.do("UPDATE entries SET seq = 'eleven' WHERE run = ? AND seq = 11", a.complete)


def another_kind_in_the_row(a: Attack) -> None:
    a.do("UPDATE entries SET kind = 'intent' WHERE run = ? AND seq = 4", a.complete)


def another_checkpoint_in_the_row(a: Attack) -> None:
    a.do("UPDATE entries SET checkpoint = 'cp4' WHERE run = ? AND seq = 4", a.complete)


def reopen_a_finished_run(a: Attack) -> None:
    a.do("UPDATE runs SET state = 'active', record_sha256 = NULL WHERE id = ?", a.complete)
    a.do("UPDATE tasks SET state = 'active', outcome = NULL WHERE id = 'restore-psa-0001'")


def call_an_escalation_complete(a: Attack) -> None:
    a.do("UPDATE runs SET state = 'complete' WHERE id = ?", a.escalated)
    a.do("UPDATE tasks SET outcome = 'complete' WHERE id = 'restore-psa-0002'")


def move_a_run_to_another_target(a: Attack) -> None:
    a.do("UPDATE runs SET target_key = 'free' WHERE id = ?", a.active)


def prolong_a_run(a: Attack) -> None:
    a.do("UPDATE runs SET deadline_ms = deadline_ms + 1 WHERE id = ?", a.active)


def drop_the_packet(a: Attack) -> None:
    a.do("DELETE FROM packets")


def another_packet(a: Attack) -> None:
    a.do("INSERT INTO evidence VALUES (?, ?)", sha256_hex(b"all is well"), b"all is well")
    a.do("UPDATE packets SET sha256 = ?", sha256_hex(b"all is well"))


def packet_for_a_complete_run(a: Attack) -> None:
    a.do("UPDATE packets SET run = ?", a.complete)


def packet_of_another_target(a: Attack) -> None:
    a.do("UPDATE packets SET target_key = 'free'")


def older_packet(a: Attack) -> None:
    a.do("UPDATE packets SET at_ms = at_ms - 1")


def call_a_packet_resolved(a: Attack) -> None:
    a.do("UPDATE escalations SET state = 'resolved'")


def forget_the_state_of_a_packet(a: Attack) -> None:
    a.do("DELETE FROM escalations")


def another_runbook(a: Attack) -> None:
    a.do("UPDATE runs SET runbook = 'MKS-PSA-Label-Restore-v2' WHERE id = ?", a.active)


def another_step(a: Attack) -> None:
    a.do("UPDATE runs SET step = 'later' WHERE id = ?", a.active)


def older_lease(a: Attack) -> None:
    a.do("UPDATE leases SET number = 0 WHERE run = ?", a.active)


def no_lease(a: Attack) -> None:
    a.do("DELETE FROM leases WHERE run = ?", a.active)


def hold_a_finished_run(a: Attack) -> None:
    a.do("UPDATE leases SET holder = 'eve' WHERE run = ?", a.complete)


ATTACKS: list[tuple[Callable[[Attack], None], str, str]] = [
    (flip, "complete", "altered at 4"),
    (replace, "complete", "unlinked at 5"),
    (replace_the_newest, "active", "head_differs at 5"),
    (delete, "complete", "gap at 4"),
    (delete_and_close_the_gap, "complete", "misplaced at 4"),
    (delete_the_first, "complete", "gap at 1"),
    (delete_all, "complete", "gap at 1"),
    (truncate, "active", "gap at 4"),
    (truncate_a_finished_run_and_its_index, "complete", "index_differs at 10"),
    (insert, "active", "unlinked at 4"),
    (append_unlinked, "active", "unlinked at 6"),
    (reorder, "complete", "misplaced at 4"),
    (swap_between_runs, "complete", "misplaced at 4"),
    (swap_between_runs, "escalated", "misplaced at 4"),
    (duplicate_keys, "active", "not_canonical at 5"),
    (not_json, "complete", "not_canonical at 4"),
    (a_float, "complete", "not_canonical at 4"),
    (not_an_object, "complete", "not_canonical at 4"),
    (text_for_bytes, "complete", "altered at 4"),
    (text_for_position, "complete", "gap at 4"),
    (text_for_the_newest_position, "complete", "misplaced at 11"),
    (another_kind_in_the_row, "complete", "misplaced at 4"),
    (another_checkpoint_in_the_row, "complete", "index_differs at 4"),
    (reopen_a_finished_run, "complete", "index_differs at 11"),
    (call_an_escalation_complete, "escalated", "index_differs at 11"),
    (move_a_run_to_another_target, "active", "index_differs at 1"),
    (prolong_a_run, "active", "index_differs at 1"),
    (drop_the_packet, "escalated", "index_differs at 11"),
    (another_packet, "escalated", "index_differs at 11"),
    (packet_for_a_complete_run, "complete", "index_differs at 11"),
    (packet_of_another_target, "escalated", "index_differs at 11"),
    (older_packet, "escalated", "index_differs at 11"),
    (call_a_packet_resolved, "escalated", "index_differs at 11"),
    (forget_the_state_of_a_packet, "escalated", "index_differs at 11"),
    (another_runbook, "active", "index_differs at 1"),
    (another_step, "active", "index_differs at 5"),
    (older_lease, "active", "index_differs at 5"),
    (no_lease, "active", "index_differs at 5"),
    (hold_a_finished_run, "complete", "index_differs at 11"),
]


@pytest.mark.parametrize(("change", "run", "found"), ATTACKS, ids=[f"{c.__name__}-{r}" for c, r, _ in ATTACKS])
def test_verify_names_the_first_entry_that_disagrees(
    store: Store, attack: Attack, change: Callable[[Attack], None], run: str, found: str
) -> None:
    change(attack)
    name = getattr(attack, run)
    everything = store.verify()
    assert not everything.consistent
    assert f"{name}: chain broken: {found}" in everything.result
    assert str({chain.chain: chain.broken for chain in everything.chains}[name]) == found
    assert store.verify(run=name).result == f"{name}: chain broken: {found}"


@pytest.mark.parametrize(
    ("change", "run"),
    [case[:2] for case in ATTACKS if not {"packet", "lease", "hold"} & set(case[0].__name__.split("_"))],
    ids=lambda c: getattr(c, "__name__", c),
)
def test_a_broken_run_is_not_given_out(
    store: Store, attack: Attack, change: Callable[[Attack], None], run: str
) -> None:
    change(attack)
    with pytest.raises(LedgerBroken, match="is broken: "):
        store.runs.entries(getattr(attack, run))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE journal SET data = CAST(replace(data, 'leah', 'eve1') AS BLOB) WHERE seq = 4", "altered at 4"),
        ("UPDATE journal SET subject = 'restore-psa-0009' WHERE seq = 5", "index_differs at 5"),
        ("UPDATE journal SET kind = 'unpaused' WHERE seq = 4", "misplaced at 4"),
        ("DELETE FROM journal WHERE seq = 4", "gap at 4"),
        ("DELETE FROM journal WHERE seq = 7", "index_differs at 6"),
        ("DELETE FROM tasks WHERE id = 'restore-psa-0004'", "index_differs at 5"),
        ("UPDATE tasks SET id = 'again' WHERE id = 'restore-psa-0004'", "index_differs at 5"),
        ("UPDATE tasks SET journal_seq = 4 WHERE id = 'restore-psa-0004'", "index_differs at 4"),
        ("UPDATE tasks SET state = 'finished', outcome = 'withdrawn' WHERE state = 'queued'", "index_differs at 5"),
        ("UPDATE tasks SET state = 'queued', outcome = NULL WHERE outcome = 'withdrawn'", "index_differs at 6"),
        ("UPDATE tasks SET state = 'queued' WHERE state = 'active'", "index_differs at 3"),
        ("UPDATE tasks SET outcome = 'complete' WHERE outcome = 'escalated'", "index_differs at 2"),
        ("UPDATE tasks SET runbook = 'x-v9' WHERE id = 'restore-psa-0004'", "index_differs at 5"),
        ("UPDATE tasks SET document_sha256 = 'x' WHERE id = 'restore-psa-0004'", "index_differs at 5"),
        ("UPDATE tasks SET submitted_ms = 1 WHERE id = 'restore-psa-0004'", "index_differs at 5"),
        ("UPDATE store SET seq = 8", "gap at 8"),
        ("UPDATE store SET head = NULL", "head_differs at 7"),
        ("UPDATE store SET id = 'another'", "misplaced at 1"),
    ],
)
def test_the_stores_own_chain(store: Store, attack: Attack, statement: str, found: str) -> None:
    attack.do(statement)
    own = store.verify().chains[-1]
    assert (own.chain, str(own.broken)) == ("store", found)


@pytest.mark.parametrize("change", ["data = CAST('{}' AS BLOB)", "data = CAST(data AS TEXT)", "sha256 = 'x' || seq"])
def test_an_altered_entry_of_the_stores_own_chain_is_not_given_out(store: Store, attack: Attack, change: str) -> None:
    attack.do(f"UPDATE journal SET {change}")
    for ask in (lambda: store.tasks.get("restore-psa-0001"), store.pauses.current):
        with pytest.raises(LedgerBroken, match="own chain is broken at"):
            ask()


def test_a_task_without_its_entry_is_not_given_out(store: Store, attack: Attack) -> None:
    attack.do("DELETE FROM journal WHERE seq = 1")
    with pytest.raises(LedgerBroken, match="own chain is broken at 1"):
        store.tasks.get("restore-psa-0001")


def test_a_run_that_is_removed_as_a_whole_leaves_its_task(store: Store, attack: Attack) -> None:
    for table, column in (("entries", "run"), ("leases", "run"), ("runs", "id")):
        attack.do(f"DELETE FROM {table} WHERE {column} = ?", attack.complete)
    assert store.verify().result == "store: chain broken: index_differs at 1"


def test_entries_without_a_run(store: Store, attack: Attack) -> None:
    attack.do("UPDATE entries SET run = 'nowhere' WHERE run = ?", attack.active)
    assert "nowhere: chain broken: index_differs at 1" in store.verify().result


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE evidence SET data = CAST('other' AS BLOB) WHERE sha256 = ?", "1 altered"),
        ("UPDATE evidence SET data = 'other' WHERE sha256 = ?", "1 altered"),
        ("DELETE FROM evidence WHERE sha256 = ?", "1 missing"),
    ],
)
def test_evidence(store: Store, attack: Attack, statement: str, words: str) -> None:
    digest = attack.read(attack.complete, 3)["body"]["answer"]["body_sha256"]
    attack.do(statement, digest)
    expected = f"{attack.complete}: chain consistent, evidence: {words}"
    assert store.verify().result == expected
    assert store.verify(run=attack.complete).result == expected
    assert store.verify(run=attack.escalated).consistent


def test_evidence_that_no_entry_names(store: Store, attack: Attack) -> None:
    digest = store.evidence.put(b"unnamed")
    attack.do("UPDATE evidence SET data = CAST('other' AS BLOB) WHERE sha256 = ?", digest)
    everything = store.verify()
    assert (everything.result, everything.evidence_altered) == ("1 evidence altered", (digest,))


def test_replaced_record_of_a_run(store: Store, attack: Attack) -> None:
    attack.do(
        "UPDATE evidence SET data = CAST('{}' AS BLOB) WHERE sha256 = (SELECT record_sha256 FROM runs WHERE id = ?)",
        attack.complete,
    )
    assert store.verify(run=attack.complete).result.endswith("evidence: 1 altered")
    with pytest.raises(LedgerBroken, match="was altered"):
        store.runs.result("restore-psa-0001")


def test_what_only_a_head_from_elsewhere_shows(store: Store, attack: Attack) -> None:
    head = store.runs.status(attack.active).head
    before = store.verify(heads=[KeptHead(head)])
    assert (before.consistent, before.heads[0].chain) == (True, attack.active)
    attack.rewrite(attack.active, last=5)
    assert store.verify().result == "chain consistent"
    after = store.verify(heads=[KeptHead(head)])
    assert (after.consistent, after.heads[0].chain) == (False, None)
    assert after.result == "1 of 1 heads not in this store: entries lost or rewritten"


def test_lost_newest_entries_only_show_against_a_head(store: Store, attack: Attack) -> None:
    head = store.runs.status(attack.active).head
    attack.do("DELETE FROM entries WHERE run = ? AND seq > 3", attack.active)
    digest = attack.connection.execute(
        "SELECT sha256 FROM entries WHERE run = ? AND seq = 3", (attack.active,)
    ).fetchone()[0]
    attack.do("UPDATE runs SET seq = 3, head = ? WHERE id = ?", digest, attack.active)
    assert store.verify().consistent
    assert not store.verify(heads=[KeptHead(head)]).consistent
    assert store.verify(heads=[KeptHead(digest)]).consistent


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_an_older_head_is_found_with_what_followed(store: Store, attack: Attack, seq: int) -> None:
    entries = store.runs.entries(attack.active)
    [found] = store.verify(run=attack.active, heads=[KeptHead(entries[seq - 1].sha256)]).heads
    assert (found.chain, found.seq, found.later) == (attack.active, seq, 5 - seq)


def test_a_head_of_the_stores_own_chain_and_one_behind_a_break(store: Store, attack: Attack) -> None:
    own = store.verify().chains[-1].head
    [found] = store.verify(heads=[KeptHead(own or "")]).heads
    assert (found.chain, found.seq, found.later) == ("store", 7, 0)
    head = store.runs.status(attack.complete).head
    flip(attack)
    [broken] = store.verify(heads=[KeptHead(head)]).heads
    assert broken.chain is None


def test_a_run_of_another_store(store: Store, attack: Attack, clock: ManualClock) -> None:
    """A run copied from elsewhere agrees with itself, and its task is missing here."""
    attack.do("UPDATE runs SET task = 'elsewhere' WHERE id = ?", attack.active)
    assert store.verify(run=attack.active).result.endswith("index_differs at 1")
