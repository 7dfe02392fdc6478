"""One chain, without a database: any change is found, and no later than where it is."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.ledger.chain import Break, Chain, Link, _quickly, _read

LENGTH = 6


def links(owner: str = "r") -> list[Link]:
    made: list[Link] = []
    for seq in range(1, LENGTH + 1):
        previous = made[-1].sha256 if made else None
        fields = {"run": owner, "seq": seq, "kind": "observation", "body": {"n": seq}, "prev_sha256": previous}
        data = canonical_bytes(fields)
        made.append(Link(seq, "observation", sha256_hex(data), data))
    return made


def walked(changed: list[Link], length: int = LENGTH) -> Break | None:
    chain = Chain("run", "r")
    for link in changed:
        chain.add(link)
    chain.end(length, links()[length - 1].sha256)
    return chain.broken


def test_a_whole_chain() -> None:
    chain = Chain("run", "r")
    fields = [chain.add(link) for link in links()]
    assert [each and each["body"] for each in fields] == [{"n": seq} for seq in range(1, LENGTH + 1)]
    chain.end(LENGTH, links()[-1].sha256)
    assert (chain.broken, chain.length, chain.head) == (None, LENGTH, links()[-1].sha256)


@given(st.integers(0, LENGTH - 1), st.data())
def test_any_flipped_bit(index: int, data: st.DataObject) -> None:
    changed = links()
    raw = bytearray(changed[index].data)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed[index] = dataclasses.replace(changed[index], data=bytes(raw))
    assert walked(changed) == Break(index + 1, "altered")


@given(st.permutations(range(LENGTH)), st.booleans())
def test_any_other_order(order: list[int], renumbered: bool) -> None:
    changed = [links()[index] for index in order]
    if renumbered:
        changed = [dataclasses.replace(link, seq=seq) for seq, link in enumerate(changed, 1)]
    first = next((seq for seq, index in enumerate(order, 1) if index != seq - 1), None)
    broken = walked(changed)
    assert (broken and broken.seq) == first


@given(st.sets(st.integers(0, LENGTH - 1), min_size=1))
def test_any_links_left_out(left_out: set[int]) -> None:
    changed = [link for index, link in enumerate(links()) if index not in left_out]
    assert walked(changed) == Break(min(left_out) + 1, "gap")


@given(st.integers(0, LENGTH - 1))
def test_any_link_of_another_chain(index: int) -> None:
    changed = links()
    changed[index] = links("another")[index]
    assert walked(changed) == Break(index + 1, "misplaced")


def test_more_links_than_the_index_knows() -> None:
    assert walked(links(), length=LENGTH - 1) == Break(LENGTH, "head_differs")


def test_after_the_first_break_nothing_is_said() -> None:
    chain = Chain("run", "r")
    assert [chain.add(link) is None for link in [links()[0], *links()[2:]]] == [False, *[True] * (LENGTH - 2)]
    chain.compare(seq=1, equal=False)
    chain.end(1, None)
    assert (chain.broken, chain.length) == (Break(2, "gap"), 1)


@pytest.mark.parametrize(
    ("data", "canonical"),
    [
        (b'{"a":"v1.31","b":["x,1.5",{"c":-7}]}', True),
        (b'{"a":1.5}', False),
        (b'{"a":[1e21]}', False),
        (b'{"a":-0}', False),
        (b'{"b":1,"a":2}', False),
        (b'{"a":1,"a":1}', False),
        (b'{"a":NaN}', False),
        (b'{"a": 1}', False),
        (b'{"a":"\\u0041"}', False),
        (b'{"a":123456789012345678901234567890}', True),
        (b"[]", False),
        (b'{"a":[[{"b":[1,2.5]}]]}', False),
        (b'{"a":[[],{}],"b":"1.5"}', True),
        (b'{"a":' + b"[" * 1010 + b"]" * 1010 + b"}", False),
    ],
)
def test_both_readers_of_an_entry_agree(data: bytes, canonical: bool) -> None:
    """The quick one accepts nothing that the other would not; what it leaves, the other reads."""
    link = Link(1, "decision", sha256_hex(data), data)
    read = _read(link)
    assert isinstance(read, dict) is canonical
    assert _quickly(data) in (None, read)
