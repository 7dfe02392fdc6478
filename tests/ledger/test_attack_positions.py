"""The same attacks at the beginning, in the middle and at the end of a chain; and what only kept heads show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attack
from tests.ledger.samples import TARGET, whole_run

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.ledger import KeptHead, Store

LENGTH = 11
FIRST, MIDDLE, LAST = 1, 6, LENGTH


def flip_the_first_byte(a: Attack, seq: int) -> None:
    flip(a, seq, 0)


def flip_in_the_middle(a: Attack, seq: int) -> None:
    flip(a, seq, len(canonical_bytes(a.read(a.complete, seq))) // 2)


def flip_the_last_byte(a: Attack, seq: int) -> None:
    flip(a, seq, -1)


def flip(a: Attack, seq: int, at: int) -> None:
    data = bytearray(canonical_bytes(a.read(a.complete, seq)))
    data[at] ^= 1
    a.do("UPDATE entries SET data = ? WHERE run = ? AND seq = ?", bytes(data), a.complete, seq)


def flip_the_digest(a: Attack, seq: int) -> None:
    a.do("UPDATE entries SET sha256 = 'f' || substr(sha256, 1, 63) WHERE run = ? AND seq = ?", a.complete, seq)


def delete(a: Attack, seq: int) -> None:
    a.do("DELETE FROM entries WHERE run = ? AND seq = ?", a.complete, seq)


def truncate(a: Attack, seq: int) -> None:
    a.do("DELETE FROM entries WHERE run = ? AND seq >= ?", a.complete, seq)


def replace(a: Attack, seq: int) -> None:
    a.forge(a.complete, seq, canonical_bytes(a.read(a.complete, seq) | {"actor": "eve"}))


def insert(a: Attack, seq: int) -> None:
    """An entry with its place and its link right, and those behind it moved by one in their rows."""
    forged = canonical_bytes(a.read(a.complete, seq) | {"actor": "eve"})
    for later in range(LENGTH, seq - 1, -1):
        a.do("UPDATE entries SET seq = seq + 1 WHERE run = ? AND seq = ?", a.complete, later)
    kind, checkpoint = a.read(a.complete, seq + 1)["kind"], a.read(a.complete, seq + 1)["checkpoint"]
    row = (a.complete, seq, kind, checkpoint, sha256_hex(forged), forged)
    a.do("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", *row)


def exchange_with_a_neighbour(a: Attack, seq: int) -> None:
    other = seq + 1 if seq < LENGTH else seq - 1
    for old, new in ((seq, 99), (other, seq), (99, other)):
        a.do("UPDATE entries SET seq = ? WHERE run = ? AND seq = ?", new, a.complete, old)


def swap_between_runs(a: Attack, seq: int) -> None:
    for old, new in ((a.complete, "x"), (a.escalated, a.complete), ("x", a.escalated)):
        a.do("UPDATE entries SET run = ? WHERE run = ? AND seq = ?", new, old, seq)


CASES: list[tuple[Callable[[Attack, int], None], dict[int, str]]] = [
    *(
        (change, {seq: f"altered at {seq}" for seq in (FIRST, MIDDLE, LAST)})
        for change in (flip_the_first_byte, flip_in_the_middle, flip_the_last_byte, flip_the_digest)
    ),
    (delete, {seq: f"gap at {seq}" for seq in (FIRST, MIDDLE, LAST)}),
    (truncate, {seq: f"gap at {seq}" for seq in (FIRST, MIDDLE, LAST)}),
    # What is put in the place of an entry is only found out by the one behind it, or by the index.
    (replace, {FIRST: "unlinked at 2", MIDDLE: "unlinked at 7", LAST: "head_differs at 11"}),
    (insert, {FIRST: "misplaced at 2", MIDDLE: "misplaced at 7", LAST: "misplaced at 12"}),
    (exchange_with_a_neighbour, {FIRST: "misplaced at 1", MIDDLE: "misplaced at 6", LAST: "misplaced at 10"}),
    (swap_between_runs, {seq: f"misplaced at {seq}" for seq in (FIRST, MIDDLE, LAST)}),
]


@pytest.mark.parametrize(
    ("change", "seq", "found"),
    [(change, seq, found) for change, places in CASES for seq, found in places.items()],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_first_broken_entry_is_named_wherever_it_is(
    store: Store, attack: Attack, change: Callable[[Attack, int], None], seq: int, found: str
) -> None:
    change(attack, seq)
    assert f"{attack.complete}: chain broken: {found}" in store.verify().result


def heads_of(store: Store, run: str) -> list[KeptHead]:
    return [KeptHead.of(entry, entry.sha256) for entry in store.runs.entries(run)]


@pytest.mark.parametrize("kept", [1, 2, 4])
def test_each_head_of_a_cut_off_entry_is_missing(store: Store, attack: Attack, kept: int) -> None:
    heads = heads_of(store, attack.active)
    attack.do("DELETE FROM entries WHERE run = ? AND seq > ?", attack.active, kept)
    attack.do("UPDATE runs SET seq = ?, head = ? WHERE id = ?", kept, heads[kept - 1].sha256, attack.active)
    assert store.verify().result == "chain consistent"
    against = store.verify(heads=heads)
    assert [report.kept.seq for report in against.lost] == list(range(kept + 1, 6))
    assert against.result == f"{5 - kept} of 5 heads not in this store: entries lost or rewritten"


@pytest.mark.parametrize("digits", [16, 63, 64])
def test_the_first_digits_of_a_head_are_enough(store: Store, attack: Attack, digits: int) -> None:
    head = store.runs.status(attack.active).head
    [found] = store.verify(heads=[KeptHead(head[:digits])]).heads
    assert (found.chain, found.seq) == (attack.active, 5)
    other = ("0" if head[digits - 1] != "0" else "1") + head[digits:]
    assert store.verify(heads=[KeptHead(head[: digits - 1] + other[:1])]).lost


def test_a_head_stands_where_it_was_noted(store: Store, attack: Attack) -> None:
    """A digest that is there, but of another run or at another place, is not the entry that was noted."""
    head = heads_of(store, attack.active)[3]
    for changed in (
        KeptHead(head.sha256, attack.complete, head.seq, head.at_ms),
        KeptHead(head.sha256, head.run, 3, head.at_ms),
    ):
        assert store.verify(heads=[changed]).lost
    assert store.verify(heads=[head]).consistent


def test_of_one_run_only_its_own_heads_count(store: Store, attack: Attack) -> None:
    heads = [head for run in (attack.complete, attack.active) for head in heads_of(store, run)]
    found = store.verify(run=attack.active, heads=heads)
    assert found.consistent
    assert {report.chain for report in found.heads} == {attack.active}


def test_a_run_that_vanished_with_its_task_shows_against_its_heads(store: Store, attack: Attack) -> None:
    """The last task and its run, every trace of them: only what left the host is left."""
    heads = heads_of(store, attack.escalated)
    attack.do("DELETE FROM escalations")
    for table, column in (("packets", "run"), ("entries", "run"), ("leases", "run"), ("runs", "id")):
        attack.do(f"DELETE FROM {table} WHERE {column} = ?", attack.escalated)
    assert "index_differs" in store.verify().result
    assert len(store.verify(heads=heads).lost) == len(heads)


@pytest.mark.parametrize("line", ["", "x", "1 run 1 abc", "1 run one " + "a" * 64, "a" * 64, "1 2 3 4 5"])
def test_a_line_that_is_no_head(line: str) -> None:
    assert KeptHead.read(line) is None


def test_a_head_is_read_as_it_was_written() -> None:
    head = KeptHead("a" * 64, "01kq3v", 7, 1_784_635_200_000)
    assert KeptHead.read(head.line()) == head


def test_the_runs_of_a_target_cannot_change_their_order(store: Store, clock: ManualClock, attack: Attack) -> None:
    """Which run was the previous one is a fact that the gate decides on."""
    runs = []
    for number in (11, 12, 13):
        clock.advance(1)
        runs.append(whole_run(store, number, target=TARGET).run)
    assert store.verify().consistent
    for ordinal, run in ((99, runs[0]), (1, runs[1]), (2, runs[0])):
        attack.do("UPDATE runs SET ordinal = ? WHERE id = ?", ordinal, run)
    assert store.verify().result.count("index_differs at 1") == 1
    assert f"{runs[1]}: chain broken: index_differs at 1" in store.verify().result
