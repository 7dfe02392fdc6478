"""The ledger against the audit log of a real API server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.cli.main import run
from runbook_gate.localcluster.seeding import Seeder


def reconciled(theatre: Theatre, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """How the command ends, and its document. Other tests write to the same log: only this run is asked about."""
    log, run_id = theatre.cluster.server.audit_log, theatre.history().newest.run
    capsys.readouterr()
    store = str(theatre.settings.store)
    words = ["ledger", "reconcile", "--audit", str(log), "--run", run_id, "--store", store, "-o", "json"]
    status = run(words)
    return status, json.loads(capsys.readouterr().out)


def test_a_run_agrees_and_a_stray_write_does_not(theatre: Theatre, capsys: pytest.CaptureFixture[str]) -> None:
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    status, told = reconciled(theatre, capsys)
    assert (status, told["result"]) == (0, "no difference found")
    assert (told["intents"], told["matched"], told["identities"]) == (1, 1, ["runbook-gate"])
    with Seeder(theatre.cluster.server.kubeconfig("executor")) as somebody:  # with the executor's credentials
        somebody.label(theatre.namespace, {"team": "x"})
    status, told = reconciled(theatre, capsys)
    assert (status, told["result"], told["matched"]) == (13, "1 difference", 1)
    [stray] = told["differences"]
    assert (stray["kind"], stray["namespace"]) == ("write without intent", theatre.namespace)
    assert stray["logged"] == "patch namespaces 200"


def test_a_conflict_is_logged_as_it_is_recorded(theatre: Theatre, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody's change between read and write: the first attempt is answered 409, in both records."""
    theatre.director.cues["intended"] = lambda _entry: theatre.live({"team": "payments"})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=2)
    status, told = reconciled(theatre, capsys)
    assert (status, told["intents"], told["matched"], told["differences"]) == (0, 2, 2, [])
