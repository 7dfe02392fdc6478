"""What is told: CloudEvents as the specification's own SDK reads them, as schemas/ describes them, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from jsonschema import Draft202012Validator
from sqlalchemy import text
from tests.fakes.clock import ManualClock
from tests.ledger.attack import Attacker, forget_triggers
from tests.ledger.samples import TARGET, start, whole_run
from tests.notifications.conftest import Sweep
from tests.notifications.receiver import Receiver

from runbook_gate.canonical import canonical_bytes
from runbook_gate.errors import LedgerBroken
from runbook_gate.ledger import Draft, Finished, Store, packet_id
from runbook_gate.ledger.identifiers import notification_id

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def escalate(store: Store) -> Finished:
    lease = start(store)
    body = {"origin": "cp1", "codes": ["waiver_absence.open_waiver"], "write_in_doubt": False, "at_ms": 1}
    with store.runs.batch(lease) as batch:
        return batch.finish(Draft("escalated", body, "cp4"), lambda entry: b"packet")


def documents(receiver: Receiver) -> list[Any]:
    return [json.loads(request.body) for request in receiver.requests]


def test_an_escalation_and_what_became_of_it(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended = escalate(store)
    assert ended.packet is not None
    clock.advance(1_000)
    store.escalations.acknowledge(ended.packet, actor="leah", note="a note is not told")
    clock.advance(1_000)
    store.escalations.resolve(ended.packet, actor="leah", note="nor is this")
    store.escalations.resolve(ended.packet, actor="somebody", note="again")
    assert sweep() == ["delivered"] * 3
    told, *handled = documents(receiver)
    with store.reading._database.read() as connection:
        name = connection.execute(text("SELECT id FROM store")).scalar_one()
    about = {"schema": 1, "run": ended.run, "task": ended.task, "runbook": "MKS-PSA-Label-Restore-v3"}
    about["target_key"] = TARGET
    assert told == {
        "specversion": "1.0",
        "id": notification_id(ended.head),
        "source": f"urn:runbook-gate:store:{name}",
        "type": "runbook-gate.run.escalated",
        "subject": ended.run,
        "time": "2026-07-21T12:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            **about,
            "outcome": "escalated",
            "origin": "cp1",
            "codes": ["waiver_absence.open_waiver"],
            "write_in_doubt": False,
            "packet": packet_id(ended.head),
            "ledger_head": ended.head,
            "ended_ms": 1_784_635_200_000,
        },
    }
    assert [one["type"] for one in handled] == [
        "runbook-gate.escalation.acknowledged",
        "runbook-gate.escalation.resolved",
    ]
    for one in handled:
        assert one["subject"] == one["data"]["packet"] == ended.packet
        assert one["data"]["actor"] == "leah"
        assert one["id"] == notification_id(one["data"]["store_head"])
        assert set(one["data"]) == {*about, "packet", "actor", "store_head", "handled_ms"}
    assert "note" not in json.dumps(handled)


def test_a_completion(store: Store, receiver: Receiver, sweep: Sweep) -> None:
    ended = whole_run(store)
    assert sweep() == ["delivered"]
    [told] = documents(receiver)
    assert (told["type"], told["data"]["outcome"], told["data"]["ledger_head"]) == (
        "runbook-gate.run.completed",
        "complete",
        ended.head,
    )
    assert (told["data"]["codes"], told["data"]["origin"], told["data"]["packet"]) == ([], None, None)


def test_the_sdk_of_the_specification_and_the_schemas_read_each(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended = escalate(store)
    assert ended.packet is not None
    store.escalations.resolve(ended.packet, actor="leah", note="")
    clock.advance(1)
    whole_run(store, 2, target="another")
    assert sweep() == ["delivered"] * 3
    for request in receiver.requests:
        event = from_http_event(HTTPMessage(headers=request.headers, body=request.body))
        document = json.loads(request.body)
        assert (event.get_id(), event.get_specversion(), event.get_source()) == (request.id, "1.0", document["source"])
        assert event.get_data() == document["data"]
        assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert request.body == canonical_bytes(document)
        name = "run_notification" if ".run." in document["type"] else "escalation_notification"
        schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE entries SET data = CAST(replace(data, 'cp1', 'cp9') AS BLOB) WHERE kind = 'escalated'",
        "UPDATE notifications SET entry_sha256 = (SELECT sha256 FROM entries WHERE kind = 'opened')",
        "UPDATE notifications SET kind = 'completed'",
        "UPDATE notifications SET id = 'evt-0'",
    ],
)
def test_what_is_not_in_the_record_as_it_was_is_never_signed(
    store: Store, attacker: Attacker, receiver: Receiver, sweep: Sweep, attack: str
) -> None:
    escalate(store)
    forget_triggers(attacker)
    attacker.execute(attack)
    assert sweep() == ["ledger_broken"]
    assert receiver.requests == []
    [waiting] = store.outbox.list()
    with pytest.raises(LedgerBroken, match=waiting.id):
        store.outbox.telling(waiting.id)
