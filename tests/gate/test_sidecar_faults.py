"""A sidecar that dies, freezes, comes back, or never starts."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from tests.core.questions import DOCUMENT
from tests.fakes.gate import PINS
from tests.gate.archives import bundle_of
from tests.gate.conftest import Connect

from runbook_gate.core.acceptance import Accepted
from runbook_gate.errors import NoDecision, SidecarFault
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.models.runbook import Pins


@pytest.fixture
def pins(bundle: Bundle, opa_stated_version: str) -> Pins:
    return PINS.model_copy(update={"content_sha256": bundle.content_sha256, "opa_version": opa_stated_version})


@pytest.fixture
def own_temporary_folder(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sidecars make their folders in this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    return short_folder


def asked(gate: OpaGate, pins: Pins) -> str:
    """The verdict, or the code of no decision."""
    outcome = gate.ask(DOCUMENT, pins).outcome
    return outcome.decision.verdict if isinstance(outcome, Accepted) else outcome.code


def freeze(sidecar: Sidecar) -> None:
    """Stop every thread; the signal takes a moment to reach them all."""
    sidecar.process.pause()
    tasks = list(Path(f"/proc/{sidecar.process.pid}/task").iterdir())
    while any((task / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "T" for task in tasks):
        time.sleep(0.01)


def test_a_killed_sidecar_is_unreachable_and_one_that_came_back_is_asked(
    own_sidecar: Sidecar, connect: Connect, pins: Pins
) -> None:
    gate = connect(own_sidecar.address)
    assert asked(gate, pins) == "proceed"
    own_sidecar.process.kill()
    assert asked(gate, pins) == "no_decision.unreachable"
    own_sidecar.start()
    assert asked(gate, pins) == "proceed"


def test_a_sidecar_restarted_between_two_questions_goes_unnoticed(
    own_sidecar: Sidecar, connect: Connect, pins: Pins
) -> None:
    gate = connect(own_sidecar.address)
    for _ in range(3):
        assert asked(gate, pins) == "proceed"
        own_sidecar.process.stop()
        own_sidecar.start()
    assert asked(gate, pins) == "proceed"


def test_a_sidecar_replaced_between_two_questions_is_noticed(
    own_sidecar: Sidecar, connect: Connect, pins: Pins, own_policies: Path, opa_binary: Path
) -> None:
    gate = connect(own_sidecar.address)
    assert asked(gate, pins) == "proceed"
    own_sidecar.process.stop()
    rego = own_policies / "gate" / "gate.rego"
    rego.write_text(rego.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    served = Path(str(own_sidecar.address.socket)).with_name("bundle.tar.gz")
    served.write_bytes(build(own_policies, opa=opa_binary).raw)
    own_sidecar.start()
    assert asked(gate, pins) == "no_decision.wrong_bundle"


def test_a_frozen_sidecar_is_too_slow_and_one_that_thaws_is_asked(
    own_sidecar: Sidecar, connect: Connect, pins: Pins
) -> None:
    gate = connect(own_sidecar.address, timeout_s=0.5)
    assert asked(gate, pins) == "proceed"
    freeze(own_sidecar)
    assert asked(gate, pins) == "no_decision.timeout"
    own_sidecar.process.resume()
    assert asked(gate, pins) == "proceed"


def test_nothing_is_left_of_a_sidecar(own_temporary_folder: Path, opa_binary: Path, bundle: Bundle) -> None:
    with Sidecar(opa_binary, bundle) as sidecar:
        pid = sidecar.process.pid
        assert list(own_temporary_folder.iterdir()) == [Path(str(sidecar.address.socket)).parent]
    assert list(own_temporary_folder.iterdir()) == []
    assert not Path(f"/proc/{pid}").exists()
    sidecar.stop()  # once more does no harm


def test_nothing_is_left_of_a_frozen_or_killed_sidecar(
    own_temporary_folder: Path, opa_binary: Path, bundle: Bundle
) -> None:
    with Sidecar(opa_binary, bundle) as frozen:
        freeze(frozen)
    with Sidecar(opa_binary, bundle) as killed:
        killed.process.kill()
    assert list(own_temporary_folder.iterdir()) == []


def test_a_sidecar_that_does_not_start_says_what_opa_said(own_temporary_folder: Path, opa_binary: Path) -> None:
    broken = bundle_of({"gate/gate.rego": b"package gate\n\ndecision := no_such_function(1)\n"})
    with pytest.raises(SidecarFault) as raised:
        Sidecar(opa_binary, Bundle.parse(broken, source="broken"))
    assert "opa ended while it started" in str(raised.value)
    assert "no_such_function" in str(raised.value)
    assert str(own_temporary_folder) not in str(raised.value)  # the log is gone
    assert raised.value.exit_status == 12
    assert list(own_temporary_folder.iterdir()) == []


def test_a_sidecar_that_is_never_ready_is_given_up(own_temporary_folder: Path, bundle: Bundle) -> None:
    silent = own_temporary_folder / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    silent.chmod(0o700)
    with pytest.raises(SidecarFault, match="opa was not ready after 0 s"):
        Sidecar(silent, bundle, start_s=0.4)
    assert list(own_temporary_folder.iterdir()) == [silent]


def test_no_opa_no_sidecar(own_temporary_folder: Path, bundle: Bundle) -> None:
    with pytest.raises(SidecarFault, match="No such file") as raised:
        Sidecar(own_temporary_folder / "opa", bundle)
    assert "make tools" in raised.value.advice
    assert list(own_temporary_folder.iterdir()) == []


def test_a_folder_with_a_long_path_is_named(
    tmp_path: Path, bundle: Bundle, opa_binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with pytest.raises(SidecarFault, match="too long a path for a unix socket") as raised:
        Sidecar(opa_binary, bundle)
    assert "TMPDIR" in raised.value.advice
    assert list(long.iterdir()) == []


def test_no_decision_is_a_safe_stop(own_sidecar: Sidecar, connect: Connect, pins: Pins) -> None:
    own_sidecar.process.kill()
    outcome = connect(own_sidecar.address).ask(DOCUMENT, pins).outcome
    assert isinstance(outcome, NoDecision)
    assert outcome.exit_status == 12
