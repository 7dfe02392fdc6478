"""A real sidecar, asked as the executor asks it, decides every case as the Rego tests do."""

from __future__ import annotations

import contextlib

from tests.policies.decision_cases import CASES, ROOT, load

from runbook_gate.core.acceptance import Accepted
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.models.runbook import Pins
from runbook_gate.policy import cases


def pins(bundle: Bundle, version: str) -> Pins:
    """What an answer of the sidecar must be of."""
    return Pins(
        content_sha256=bundle.content_sha256,
        bundle_sha256=bundle.bundle_sha256,
        capabilities_sha256="0" * 64,
        signer_key_id=None,
        opa_version=version,
        opa_platform=None,
        opa_sha256=None,
        opa_basis="claimed",
    )


def test_a_sidecar_decides_every_case_as_expected(bundle: Bundle, sidecar: Sidecar) -> None:
    wrong, undecided = [], []
    with contextlib.closing(OpaGate(sidecar.address, timeout_s=30)) as gate:
        pinned = pins(bundle, gate.revision()[0])
        for case in load():
            outcome = gate.ask(case.input, pinned).outcome
            if not isinstance(outcome, Accepted):
                undecided.append((case.path, outcome.code))
                continue
            decision = outcome.decision.model_dump(mode="json", by_alias=True)
            if decision != case.expected:
                wrong.append(case.path)
    assert wrong == []
    assert undecided == []


def test_no_case_is_lost_and_none_is_unreviewed() -> None:
    listed = (ROOT / "fixtures" / "cases.txt").read_text(encoding="utf-8").splitlines()
    assert cases.names(CASES) == listed, "run `make fixtures`, and read what it says"
