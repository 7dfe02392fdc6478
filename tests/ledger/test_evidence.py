"""Evidence."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.attack import Attacker

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import LedgerBroken, UnknownRecord
from runbook_gate.ledger import Store


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=5000))
def test_bytes_are_kept_under_their_digest(any_store: Store, data: bytes) -> None:
    digest = any_store.evidence.put(data)
    assert digest == sha256_hex(data)
    assert any_store.evidence.put(data) == digest
    assert any_store.evidence.get(digest) == data
    assert any_store.evidence.has(digest)


def test_what_is_not_kept(any_store: Store) -> None:
    assert not any_store.evidence.has("0" * 64)
    with pytest.raises(UnknownRecord, match="0000"):
        any_store.evidence.get("0" * 64)


def test_altered_bytes_are_never_given_out(store: Store, attacker: Attacker) -> None:
    digest = store.evidence.put(b"hunter2")
    attacker.execute("DROP TRIGGER evidence_no_update")
    attacker.execute("UPDATE evidence SET data = CAST('hunter3' AS BLOB)")
    for ask in (lambda: store.evidence.get(digest), lambda: store.evidence.put(b"hunter2")):
        with pytest.raises(LedgerBroken, match=digest) as refused:
            ask()
        assert "hunter" not in str(refused.value)
