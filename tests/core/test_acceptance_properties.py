"""Whatever comes back, it is a decision or no decision, never another error."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.core.questions import DOCUMENT, accepted
from tests.fakes.gate import decision, envelope

from runbook_gate.core.acceptance import Accepted, RawAnswer, members_of, served_by
from runbook_gate.errors import NoDecision

GOOD = envelope(decision(DOCUMENT, denials=[{"code": "a.b", "message": "m", "solution": "s", "facts": {}}]))
BODY = json.dumps(GOOD).encode()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
FAILURES = st.sampled_from((None, "unreachable", "timeout", "incomplete", "too_large"))
TYPES = st.sampled_from(("application/json", "application/json; charset=utf-8")) | st.text()


def judged(answer: RawAnswer) -> Accepted | None:
    """The decision, or None; served_by keeps the same promise."""
    with contextlib.suppress(NoDecision):
        served_by(answer)
    try:
        return accepted(answer)
    except NoDecision:
        return None


def paths(document: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a document."""
    for key, child in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*so_far, key)
        if isinstance(child, dict | list):
            yield from paths(child, (*so_far, key))


@given(st.binary())
@example(b'{"result":' * 10_000)
@example(b'{"result": ' + b"1" * 10_000 + b"}")
def test_arbitrary_bytes(body: bytes) -> None:
    assert judged(RawAnswer(None, 200, "application/json", body)) is None


@given(FAILURES, st.none() | st.integers(0, 999), TYPES)
def test_arbitrary_statuses_and_headers(failure: Any, status: int | None, content_type: str) -> None:
    found = judged(RawAnswer(failure, status, content_type, BODY))
    assert found is None or (failure, status) == (None, 200)


@given(JSON)
def test_arbitrary_json(document: object) -> None:
    assert judged(RawAnswer(None, 200, "application/json", json.dumps(document).encode("utf-8", "replace"))) is None


@given(st.integers(0, len(BODY)), st.integers(0, len(BODY)), st.binary(max_size=8))
def test_a_good_answer_with_some_bytes_replaced(start: int, end: int, bytes_: bytes) -> None:
    judged(RawAnswer(None, 200, "application/json", BODY[:start] + bytes_ + BODY[end:]))


@given(st.sampled_from(list(paths(GOOD))), JSON)
def test_a_good_answer_with_one_value_replaced(path: tuple[Any, ...], value: object) -> None:
    changed = copy.deepcopy(GOOD)
    parent: Any = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    judged(RawAnswer(None, 200, "application/json", json.dumps(changed).encode("utf-8", "replace")))


@given(st.dictionaries(st.text(), JSON), st.sampled_from((None, 1, "\t")), st.booleans())
def test_members_are_the_bytes_that_were_joined(document: dict[str, object], indent: Any, ascii_: bool) -> None:
    try:
        body = json.dumps(document, indent=indent, ensure_ascii=ascii_, allow_nan=False).encode()
    except ValueError:  # NaN, or half of a surrogate pair that is not escaped
        return
    members = members_of(body)
    assert {key: json.loads(raw) for key, raw in members.items()} == json.loads(body)
    assert all(raw in body for raw in members.values())
