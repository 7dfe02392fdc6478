"""The source `ledger`."""

from __future__ import annotations

from tests.ledger.attack import Attacker
from tests.ledger.samples import BUNDLE, TARGET, decide, start, whole_run

from runbook_gate.canonical import sha256_hex
from runbook_gate.ledger import Draft, Store
from runbook_gate.models.ledger_facts import LedgerFacts

NOTHING = LedgerFacts(
    previous_run=None, previous_chain="none", evidence_missing=[], escalations=[], paused=None, recorded_by=[None]
)


def nothing(store: Store) -> LedgerFacts:
    """What is told of nothing: in a file nothing at all, else in which database that is."""
    here = store.facts("nobody").database
    return NOTHING.model_copy(update={"database": here, "recorded_by": [here]})


def test_an_empty_store_knows_nothing(any_store: Store) -> None:
    assert any_store.facts(TARGET) == nothing(any_store)


def test_the_previous_run_is_the_newest_but_this_one(any_store: Store) -> None:
    first = whole_run(any_store, 1)
    whole_run(any_store, 2, target="another")
    assert any_store.facts(TARGET).previous_run == first.run
    second = whole_run(any_store, 3)
    assert any_store.facts(TARGET).previous_run == second.run
    lease = start(any_store, 4)
    assert any_store.facts(TARGET, run=lease.run).previous_run == second.run
    assert any_store.facts(TARGET, run=second.run).previous_run == first.run
    assert any_store.facts(TARGET, run=first.run) == nothing(any_store)


def test_a_broken_chain_of_the_previous_run(store: Store, attacker: Attacker) -> None:
    finished = whole_run(store)
    assert store.facts(TARGET).previous_chain == "intact"
    attacker.execute("DROP TRIGGER entries_no_update")
    attacker.execute("UPDATE entries SET data = data || ' ' WHERE run = ? AND seq = 3", [finished.run])
    assert store.facts(TARGET).previous_chain == "broken"
    assert store.facts("another").previous_chain == "none"


def test_evidence_that_this_run_names_and_the_store_lacks(store: Store, attacker: Attacker) -> None:
    lease = start(store)
    decision = decide(store, lease)[-1]
    request, answer = (decision.body[part]["body_sha256"] for part in ("request", "answer"))
    assert store.facts(TARGET, run=lease.run).evidence_missing == []
    attacker.execute("DROP TRIGGER evidence_no_delete")
    attacker.execute("DELETE FROM evidence WHERE sha256 IN (?, ?)", [answer, sha256_hex(BUNDLE)])
    missing = store.facts(TARGET, run=lease.run).evidence_missing
    assert missing == sorted([answer, sha256_hex(BUNDLE)])
    assert store.evidence.has(request)


def test_which_digests_count(any_store: Store) -> None:
    lease = start(any_store)
    named = {"body_sha256": "1" * 64, "request": {"body_sha256": "2" * 64, "input_sha256": "3" * 64}}
    deeper = {"next": {"params": {"body_sha256": "4" * 64}}, "codes": ["body_sha256"]}
    any_store.runs.append(lease, Draft("no_decision", {"body_sha256": "5" * 64}))
    any_store.runs.append(lease, Draft("decision", {**named, **deeper}))
    any_store.runs.append(lease, Draft("repinned", {"pins": {"bundle_sha256": "6" * 64}}))
    missing = any_store.facts(TARGET, run=lease.run).evidence_missing
    assert missing == ["1" * 64, "2" * 64, "6" * 64]


def test_escalations_and_pause(any_store: Store) -> None:
    finished = whole_run(any_store, kind="escalated")
    any_store.pauses.pause("freeze", actor="leah")
    facts = any_store.facts(TARGET)
    assert [(e.id, e.run) for e in facts.escalations] == [(finished.packet, finished.run)]
    assert facts.paused == any_store.pauses.current()
    any_store.escalations.acknowledge(str(finished.packet), actor="leah", note="")
    any_store.pauses.unpause(actor="leah")
    facts = any_store.facts(TARGET)
    assert (facts.escalations, facts.paused) == ([], None)
