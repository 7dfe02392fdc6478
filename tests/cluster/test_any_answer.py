"""Whatever a server, an audit log or a register says: it is projected, and the projection has a canonical form."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.audit.test_projection import EVENT
from tests.cluster.test_projection import KEYS, NAMESPACE, STATUS, exchange
from tests.registers.test_projection import ENVELOPE

from runbook_gate.audit.projection import audit_event
from runbook_gate.canonical import canonical_bytes
from runbook_gate.cluster.messages import SentObject
from runbook_gate.cluster.projection import cluster_identity, executor_identity, http_answer, namespace_read
from runbook_gate.registers.projection import register_answer
from runbook_gate.registers.protocol import RawAnswer
from runbook_gate.registers.records import Target, baseline, inventory, ownership, waiver

TARGET = Target("mks-1", "payments", KEYS)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", "x" * 9_000])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@st.composite
def altered(draw: st.DrawFn, good: Any) -> Any:
    """A good document with one or several parts replaced by anything."""
    if draw(st.integers(0, 5)) == 0:
        return draw(JSON)
    if isinstance(good, dict):
        return {key: draw(altered(value)) for key, value in good.items() if draw(st.integers(0, 20))}
    return [draw(altered(value)) for value in good] if isinstance(good, list) else good


@given(
    altered(NAMESPACE) | altered(STATUS) | JSON, st.lists(st.tuples(st.sampled_from(["date", "warning"]), st.text()))
)
def test_any_answer(body: Any, headers: list[tuple[str, str]]) -> None:
    answer = exchange(body, *headers)
    for kept in (
        http_answer(answer, SentObject("pods", "p")),
        namespace_read(answer, KEYS),
        cluster_identity(answer),
        executor_identity(answer),
    ):
        canonical_bytes(kept.model_dump(mode="json"))


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    canonical_bytes(namespace_read(exchange(body), KEYS).model_dump(mode="json"))
    for record_of in (baseline, waiver, inventory, ownership):
        kept: Any = register_answer(RawAnswer("answered", None, 5, body), TARGET, record_of)
        canonical_bytes(kept.model_dump(mode="json"))


@given(altered(EVENT) | altered({**EVENT, "requestObject": NAMESPACE, "objectRef": {"resource": "namespaces"}}))
def test_any_event(event: Any) -> None:
    canonical_bytes(audit_event(event if isinstance(event, dict) else {}, KEYS).model_dump(mode="json"))


@given(altered(ENVELOPE))
def test_any_register(document: Any) -> None:
    raw = RawAnswer("answered", None, 5, json.dumps(document).encode())
    for record_of in (baseline, waiver, inventory, ownership):
        kept: Any = register_answer(raw, TARGET, record_of)
        canonical_bytes(kept.model_dump(mode="json"))
