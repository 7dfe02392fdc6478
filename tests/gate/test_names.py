"""A sidecar's address may be a name: a silent name server, or dead addresses, give no decision, in time."""

from __future__ import annotations

import time

import pytest
from tests.core.questions import DOCUMENT
from tests.fakes.gate import PINS, ScriptedGate, well
from tests.fakes.names import Names, deaf, tcp
from tests.gate.conftest import Connect
from tests.gate.test_wire_faults import code

from runbook_gate.core.acceptance import Accepted
from runbook_gate.gate.client import Address

LIMIT_S = 10.0


def test_a_silent_name_server_is_a_timeout(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    gate = connect(Address(url="https://opa.example:8181"), 0.3)
    with Names.told(monkeypatch) as names:
        begun = time.monotonic()
        assert code(gate.ask(DOCUMENT, PINS)) == "no_decision.timeout"
        assert time.monotonic() - begun < LIMIT_S
        assert names.asked.is_set()


def test_dead_addresses_are_a_timeout(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    gate = connect(Address(url="https://opa.example:8181"), 0.4)
    with deaf() as dead, Names.told(monkeypatch, opa_example=[dead] * 30):
        begun = time.monotonic()
        assert code(gate.ask(DOCUMENT, PINS)) == "no_decision.timeout"
        assert time.monotonic() - begun < LIMIT_S


@pytest.mark.parametrize("name", ["a" * 64, "a..b"])
def test_what_cannot_be_a_name_is_unreachable(connect: Connect, name: str) -> None:
    assert code(connect(Address(url=f"https://{name}:8181")).ask(DOCUMENT, PINS)) == "no_decision.unreachable"


def test_an_address_that_answers_is_found_among_dead_ones(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    with ScriptedGate(well) as server, deaf() as dead:
        port = int(server.url.rpartition(":")[2])
        gate = connect(Address(url=f"http://localhost:{port}"))
        with Names.told(monkeypatch, localhost=[dead, tcp(port)]):
            assert isinstance(gate.ask(DOCUMENT, PINS).outcome, Accepted)
