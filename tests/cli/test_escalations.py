"""`escalations list|show|ack|resolve`."""

from __future__ import annotations

import json

from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld


def the_one(call: Call) -> str:
    [found] = call("escalations", "list", "--state", "all", "-o", "json").document["escalations"]
    return str(found["id"])


def test_from_open_to_resolved(call: Call, escalated: LittleWorld) -> None:
    packet = the_one(call)
    header, row = call("escalations", "list").out.splitlines()
    assert header.split() == ["ID", "STATE", "SINCE", "TASK", "TARGET"]
    assert [*row.split()[:2], row.split()[3]] == [packet, "open", "task-2"]
    assert row.index("task-2") == header.index("TASK")

    acknowledged = call("escalations", "ack", packet, "--note", "looking at it", "--actor", "leah")
    assert acknowledged.out.splitlines()[1].startswith("Acknowledged by leah at 20")
    assert acknowledged.out.endswith(": looking at it\n")
    assert call("escalations", "list").out == "No escalation is open.\n"

    told = call("escalations", "resolve", packet, "-o", "json").document
    assert (told["state"], told["acknowledged"]["actor"], told["resolved"]["actor"]) == ("resolved", "leah", "demo")
    assert [
        one["id"] for one in call("escalations", "list", "--state", "resolved", "-o", "json").document["escalations"]
    ]


def test_the_packet_as_people_and_programs_read_it(call: Call, escalated: LittleWorld) -> None:
    packet = the_one(call)
    text = call("escalations", "show", packet).out
    assert text.startswith(f"# Escalation {packet}\n")
    assert text.splitlines()[-1] == f"Escalation {packet} on mks-us-east-1-prod-03/payments-two is open."
    told = call("escalations", "show", packet, "-o", "json").document
    assert told["packet"]["id"] == told["handling"]["id"] == packet
    with escalated.open() as store:
        assert told["packet"] == json.loads(store.escalations.packet(packet))


def test_no_escalation_of_that_id(call: Call, escalated: LittleWorld) -> None:
    for command in ("show", "ack", "resolve"):
        refused = call("escalations", command, "esc-nope", "-o", "json")
        assert (refused.status, refused.document["error"]["kind"]) == (2, "UnknownRecord")


def test_none_at_all(call: Call, completed: LittleWorld) -> None:
    assert call("escalations", "list", "--state", "all").out == "There is no escalation.\n"
