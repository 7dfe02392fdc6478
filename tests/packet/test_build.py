"""What a packet says of a run: each escalation below is a whole run under the shipped policies."""

from __future__ import annotations

import json
import shlex

import jsonschema
import pytest
from tests.fakes.cluster import Fault
from tests.fakes.runs import APPROVED, LittleWorld

from runbook_gate import resources
from runbook_gate.cluster.calls import Call
from runbook_gate.core.history import History
from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render

TASK, NAMESPACE = "task-1", "payments-one"


def packet_of(world: LittleWorld) -> Packet:
    """Run the task, which escalates; the packet as it is stored."""
    finished = world.run(TASK)
    assert finished.outcome == "escalated"
    with world.open() as store:
        raw = store.escalations.packet(str(finished.packet))
    assert raw == finished.record
    jsonschema.validate(json.loads(raw), resources.schema("escalation_packet"))
    return Packet.model_validate_json(raw)


def history(world: LittleWorld) -> History:
    with world.open() as store:
        return History(store.runs.entries(store.runs.list()[0].id))


def is_write(call: Call) -> bool:
    return call.method == "PATCH" and ("dryRun", "All") not in call.query


@pytest.fixture
def waived(world: LittleWorld) -> Packet:
    world.submit(TASK, NAMESPACE)
    world.waive(TASK, {"id": "EXC-311", "status": "open"})
    return packet_of(world)


def test_an_open_waiver(world: LittleWorld, waived: Packet) -> None:
    run = history(world)
    assert waived.id == f"esc-{run.newest.sha256[:16]}"
    assert (waived.run, waived.task, waived.runbook) == (run.newest.run, TASK, "MKS-PSA-Label-Restore-v3")
    assert (waived.owner.name, waived.owner.queue) == ("Leah Moran", "platform-governance")
    assert (waived.target.namespace, waived.target.owner_alias) == (NAMESPACE, "payments-settlement")
    assert (waived.origin, waived.basis) == ("cp1", "decision")
    assert [denial.code for denial in waived.condition] == ["waiver_absence.open_waiver"]
    assert all(denial.message and denial.solution for denial in waived.condition)
    assert (waived.written, waived.attempts) == ("Nothing was written.", [])
    assert (waived.write_in_doubt, waived.kill_command, waived.blockers) == (False, None, [])
    assert waived.ledger_head == run.newest.sha256
    assert waived.policy_sha256 == run.pins.content_sha256


def test_the_live_labels_against_the_tuple(waived: Packet) -> None:
    assert waived.live is not None
    assert not waived.live.restored
    assert {label.key: (label.approved, label.live, label.differs) for label in waived.live.labels} == {
        key: (value, None, True) for key, value in APPROVED.items()
    }


def test_the_registers_as_they_were_read(waived: Packet) -> None:
    assert {register.name: register.version for register in waived.registers} == {
        "namespace_baseline": "4711",
        "platform_exceptions": "4711",
        "cluster_inventory": "4711",
        "namespace_ownership": "4711",
    }
    assert all(register.sha256 and register.as_of_ms for register in waived.registers)


def test_the_evidence_is_in_the_store(world: LittleWorld, waived: Packet) -> None:
    assert len(waived.evidence) == 4
    with world.open() as store:
        assert all(store.evidence.get(digest) for digest in waived.evidence)


def test_what_a_human_can_do_next(waived: Packet) -> None:
    commands = [step.command for step in waived.next_steps]
    assert commands == [
        f"kubectl get namespace {NAMESPACE} --show-labels",
        f"runbook-gate show {waived.run}",
        f"runbook-gate escalations ack {waived.id}",
        "runbook-gate submit TASK",
        f"runbook-gate escalations resolve {waived.id}",
    ]


def test_a_write_in_doubt_names_the_command_that_kills_it(world: LittleWorld) -> None:
    world.submit(TASK, NAMESPACE)
    world.fault = lambda call: Fault("lost") if is_write(call) else None
    packet = packet_of(world)
    assert packet.write_in_doubt
    assert packet.kill_command is not None
    assert shlex.split(packet.kill_command) == [
        *("kubectl", "annotate", "namespace", NAMESPACE),
        *(f"runbook-gate/superseded={packet.run}", "--overwrite"),
    ]
    assert [made.outcome for made in packet.attempts] == ["lost", "lost"]
    assert packet.attempts[0].retry_reason
    assert packet.attempts[1].retry_reason == []
    assert len({made.audit_id for made in packet.attempts}) == 2
    told = render(packet)
    assert f"such as\n\n```sh\n{packet.kill_command}\n```\n" in told
    reason = packet.attempts[0].retry_reason[0]
    assert f"lost, resourceVersion `102`, retried because of `{reason}`\n  - Audit-ID" in told


def test_a_write_that_another_reverted_shows_what_was_stored(world: LittleWorld) -> None:
    world.submit(TASK, NAMESPACE)
    written: list[Call] = []

    def reverted(call: Call) -> None:
        labels = world.server.namespaces[NAMESPACE]["metadata"]["labels"]
        if written and "pod-security.kubernetes.io/enforce" in labels:
            labels["pod-security.kubernetes.io/enforce"] = "privileged"
        written.extend([call] if is_write(call) else [])

    world.fault = reverted
    packet = packet_of(world)
    assert packet.live is not None
    differing = [(label.approved, label.live) for label in packet.live.labels if label.differs]
    assert differing == [("restricted", "privileged")]
    assert packet.written == "The labels were written, or were about to be (attempt 1: 200). Nothing else was written."


def test_a_namespace_that_was_never_read(world: LittleWorld) -> None:
    world.submit(TASK, NAMESPACE, retry_budget=7)
    packet = packet_of(world)
    assert (packet.origin, packet.live, packet.registers) == ("cp0", None, [])
    told = render(packet)
    assert "\nThe namespace was not read.\n" in told
    assert "## Registers" not in told
    assert "Registers as they were read" not in told
