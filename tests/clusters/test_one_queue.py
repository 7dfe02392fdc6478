"""`work` as a process on one queue with tasks of two clusters."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from tests.clusters.conftest import EAST, WEST
from tests.promise.audit import events_of
from tests.scenarios import process
from tests.scenarios.theatre import Theatre
from tests.working.conftest import Fleet, ended

from runbook_gate.demo.stage import APPROVED, Target

_OF_A_RUN = re.compile(r"[?&]fieldManager=rbgate\.([a-z0-9]+)\.[0-9]+(?:&|$)")


@pytest.fixture
def fleets(by_context: tuple[Theatre, Theatre]) -> dict[str, Fleet]:
    """Two namespaces of the same names in each cluster; what is said of the clusters stands in a file."""
    east, west = by_context
    fleets = {EAST: Fleet(east, _two(east)), WEST: Fleet(west, _two(west))}
    (east.folder / "runbook-gate.toml").write_text(_stated(east), encoding="utf-8")
    west.settings = east.settings = east.settings.model_copy(update={"clusters": {}})
    return fleets


def test_each_task_is_completed_on_its_cluster_and_no_other_is_written_to(fleets: dict[str, Fleet]) -> None:
    """Two workers, so that at least one has runs of more than one task."""
    for turn in range(2):
        for cluster, fleet in fleets.items():
            fleet.stage.target = fleet.targets[turn]
            fleet.stage.submit(f"{cluster}-{turn}")
    with fleets[EAST].working("--until-empty", "--concurrency", "2") as started:
        end = ended(started, 300)
    assert end.status == 0, end
    assert end.out == {"outcome": "empty", "complete": 4, "escalated": 0, "left": 0, "faults": []}

    runs = {run.id: run.task for run in fleets[EAST].runs()}
    assert sorted(runs.values()) == [f"{cluster}-{turn}" for cluster in (EAST, WEST) for turn in range(2)]
    for cluster, fleet in fleets.items():
        wrote = [runs[run] for run in writers(fleet.stage) if run in runs]
        assert sorted(wrote) == [f"{cluster}-{turn}" for turn in range(2)]
        assert [labels(fleet.stage, target) for target in fleet.targets] == [APPROVED, APPROVED]
        assert reconciled(fleets[EAST].stage, cluster, fleet.targets) == (2, 2, [])


def writers(theatre: Theatre) -> list[str]:
    """The run of each real write in the audit log of a cluster, of whatever namespace and by whomever."""
    asked = [event["requestURI"] for event in events_of(theatre.cluster.server.audit_log, "fieldManager=rbgate.")]
    return [run for uri in asked if "dryRun=All" not in uri for run in _OF_A_RUN.findall(uri)]


def labels(theatre: Theatre, target: Target) -> dict[str, str]:
    found = theatre.seeder.core.read_namespace(target.namespace).metadata.labels
    return {key: value for key, value in found.items() if key in APPROVED}


def reconciled(theatre: Theatre, cluster: str, targets: list[Target]) -> tuple[int, int, list[object]]:
    """Intents, those that were found, and what differs; other tests write to the same logs with other ledgers."""
    told = process.called(theatre, "ledger", "reconcile", "-o", "json", "--cluster", cluster).document
    ours = {target.namespace for target in targets}
    return told["intents"], told["matched"], [one for one in told["differences"] if one["namespace"] in ours]


def _two(theatre: Theatre) -> list[Target]:
    """The target, and one more."""
    name = f"{theatre.namespace}-b"
    uid = theatre.seeder.namespace(name)
    theatre.seeder.grant_executor(name)
    return [theatre.target, replace(theatre.target, namespace=name, uid=uid)]


def _stated(theatre: Theatre) -> str:
    """The clusters as docs/credentials.md has them."""
    lines = []
    for name, one in theatre.settings.clusters.items():
        logs = [str(log) for log in one.audit.logs]
        lines += [f"[clusters.{name}]", 'kubeconfig = "kubeconfigs/all"', f'context = "{one.context}"']
        lines += [f"audit.logs = {json.dumps(logs)}", f"[clusters.{name}.registers]"]
        lines += [f"{register} = {json.dumps(str(place))}" for register, place in one.registers.items()]
    return "\n".join(lines)
