"""The task's cluster id selects how a cluster is reached; that it is the one, cp1 shows by its kube-system."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.clusters.conftest import EAST, WEST, assert_stopped_by_the_identity, run_both
from tests.scenarios.theatre import Theatre

from runbook_gate.cli.main import run
from runbook_gate.configuration import Cluster
from runbook_gate.doctor import examine
from runbook_gate.errors import UsageFault
from runbook_gate.registers.projection import SOURCES


def test_tasks_of_two_clusters_each_reach_their_own(
    east: Theatre, west: Theatre, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = run_both((east, west))
    refused, told = reconciled(east, capsys)
    assert refused == 2
    assert told["error"]["message"] == f"The ledger has runs of several clusters: {EAST}, {WEST}."
    for theatre, cluster, run_id in ((east, EAST, runs[0]), (west, WEST, runs[1])):
        log = ("--audit", str(theatre.cluster.server.audit_log), "--run", run_id)
        status, told = reconciled(east, capsys, "--cluster", cluster, *(log if theatre is west else ()))
        # Other tests write to the first cluster's log, with the same identity and other ledgers.
        found = [one for one in told["differences"] if one["namespace"] == east.namespace]
        assert (status in {0, 13}, told["intents"], told["matched"], found) == (True, 1, 1, [])
    status, told = reconciled(east, capsys, "--cluster", WEST, "--audit", str(east.cluster.server.audit_log))
    assert status == 13
    assert "write without intent" in {one["kind"] for one in told["differences"] if one["namespace"] == east.namespace}


def reconciled(theatre: Theatre, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any]:
    file = theatre.folder / "runbook-gate.toml"
    listed = theatre.settings.clusters
    lines = [f"[clusters.{name}.audit]\nlogs = ['{one.audit.logs[0]}']\n" for name, one in listed.items()]
    file.write_text(f"store = '{theatre.settings.store}'\n" + "".join(lines))
    capsys.readouterr()
    status = run(["--config", str(file), "ledger", "reconcile", "-o", "json", *more])
    return status, json.loads(capsys.readouterr().out)


def test_a_swapped_kubeconfig_is_stopped_by_the_identity_of_the_cluster(east: Theatre, west: Theatre) -> None:
    """The namespace is there too, with the same right to write it; its cluster is another one."""
    listed = east.settings.clusters
    swapped = {
        EAST: listed[EAST].model_copy(update={"kubeconfig": listed[WEST].kubeconfig}),
        WEST: listed[WEST].model_copy(update={"kubeconfig": listed[EAST].kubeconfig}),
    }
    east.settings = east.settings.model_copy(update={"clusters": swapped})
    assert_stopped_by_the_identity(east, west)


def test_a_cluster_that_is_not_listed_is_the_default_one(east: Theatre) -> None:
    listed = east.settings.clusters
    default = Cluster(kubeconfig=listed[EAST].kubeconfig)
    only = {
        "clusters": {WEST: listed[WEST]},
        "cluster": default,
        "audit": listed[EAST].audit,
        "registers": listed[EAST].registers,
    }
    east.settings = east.settings.model_copy(update=only)
    east.submit()
    assert east.plan().verdict == "proceed"


def test_an_unknown_cluster_is_told_before_a_run_is_opened(east: Theatre) -> None:
    east.state(cluster_id="mks-eu-1")
    east.submit()
    with pytest.raises(UsageFault, match=f"mks-eu-1 is not configured; those that are: {EAST}, {WEST}") as refused:
        east.run()
    assert refused.value.exit_status == 2
    with pytest.raises(UsageFault, match="mks-eu-1 is not configured"):
        east.plan()
    with east.store() as store:
        assert (store.tasks.status("task-1").state, store.runs.list()) == ("queued", [])
    assert east.writes() == []


def test_doctor_examines_each(west: Theatre) -> None:
    settings = west.settings
    found = {one.name: one for one in examine(settings, None) if EAST in one.name or WEST in one.name}
    kinds = (*(f"register {name}" for name in SOURCES), "audit log", "cluster", "clock", "identity", "rights")
    assert list(found) == [f"{kind} {cluster}" for cluster in (EAST, WEST) for kind in kinds]
    assert [one for one in found.values() if not one.fit] == []
    named = [one.name for one in examine(settings, None, cluster_id=WEST)]
    assert named[-9:] == [f"{kind} {WEST}" for kind in kinds]
    assert not any(EAST in name for name in named)
    with pytest.raises(UsageFault, match="mks-eu-1 is not configured"):
        list(examine(settings, None, cluster_id="mks-eu-1"))
