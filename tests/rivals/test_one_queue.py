"""Several executors on one queue: each task one run, each run one writer, and no task is lost.

`make test` takes a sample; `make rivals` takes the whole, 200 tasks.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import NamespaceFactory
from tests.promise import broken
from tests.promise.audit import events_of
from tests.rivals.worker import work
from tests.scenarios.bundles import edited, served
from tests.scenarios.theatre import Theatre

from runbook_gate.demo.stage import CLUSTER_ID, REGISTERS, Target
from runbook_gate.ledger import KeptHead

WORKERS = 4
# Of four targets one is to be repaired, and the others have an open waiver.
REPAIRED = 4
RUNBOOK = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"


@pytest.fixture(scope="module")
def short_rounds(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Settings of the shipped policies with a tenth of a second between the rounds."""
    folder = tmp_path_factory.mktemp("short-rounds")
    limits = [("between_rounds: 5000", "between_rounds: 100"), ("cp3: 5000", "cp3: 100")]
    with served(folder, opa_binary, edited(folder, opa_binary, {RUNBOOK: limits})) as settings:
        yield settings


@pytest.fixture
def targets(theatre: Theatre, namespace_factory: NamespaceFactory, pytestconfig: pytest.Config) -> list[Target]:
    """Namespaces without labels, and registers with the records of all."""
    number = 40 if pytestconfig.getoption("--whole") else 8
    made = [theatre.target]
    for _ in range(1, number):
        namespace = namespace_factory()
        made.append(replace(theatre.target, namespace=namespace, uid=theatre.seeder.uid(namespace)))
    made = [one if index % REPAIRED == 0 else replace(one, waivers=(waiver(one),)) for index, one in enumerate(made)]
    for name in REGISTERS:
        records = [record for one in made for record in one.records(name)]
        records = records[:1] if name == "cluster_inventory" else records
        document = {**theatre.target.register(name), "total": len(records), "records": records}
        theatre.files[name].write_text(yaml.safe_dump(document), encoding="utf-8")
    return made


def waiver(target: Target) -> dict[str, Any]:
    scope = {"cluster_id": CLUSTER_ID, "namespace": target.namespace}
    return {"id": "EXC-311", "status": "open", "expiry": None, "scope": scope}


@pytest.mark.timeout(600)
def test_a_queue_is_worked_off_with_one_run_for_each_task(
    theatre: Theatre, targets: list[Target], short_rounds: dict[str, Any], pytestconfig: pytest.Config
) -> None:
    each = 5 if pytestconfig.getoption("--whole") else 3
    tasks = submit(theatre, targets, each)
    settings = theatre.settings.model_copy(update=short_rounds)
    heads = [theatre.folder / f"heads-{number}" for number in range(WORKERS)]
    moment = time.time() + 3
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        taken = [one.result() for one in [pool.submit(work, settings, path, moment) for path in heads]]

    # Of a task that ended between its listing and its turn a process gets the stored result.
    assert {task for one in taken for task in one} == set(tasks)
    with theatre.store() as store:
        runs = store.runs.list(limit=1000)
        assert sorted(run.task for run in runs) == sorted(tasks)
        assert {entry.lease for run in runs for entry in store.runs.entries(run.id)} == {1}
        assert Counter(run.state for run in runs) == {
            "complete": each * len(targets) // REPAIRED,
            "escalated": each * len(targets) * (REPAIRED - 1) // REPAIRED,
        }
        events = [event for event in events_of(theatre.cluster.server.audit_log) if event["verb"] != "get"]
        assert broken(store, events, packets=[path.stem for path in theatre.packets()]) == []
        last = {store.runs.entries(run.id)[-1].sha256 for run in runs}
    # Heads are published by whoever appends: of each run one process did. The last one is told again by a process
    # that gets the stored result.
    holders = Counter(run for path in heads for run in {head.run for head in read(path) if head.sha256 not in last})
    assert holders == {run.id: 1 for run in runs}
    print(f"{len(tasks)} tasks, by process: {[len(one) for one in taken]}, {time.time() - moment:.0f} s")


def read(path: Path) -> list[KeptHead]:
    """The heads in a file."""
    found = [KeptHead.read(line) for line in path.read_text(encoding="ascii").splitlines()]
    return [head for head in found if head]


def submit(theatre: Theatre, targets: list[Target], each: int) -> list[str]:
    """Tasks for every target, those of one target apart from each other."""
    tasks = []
    for turn in range(each):
        for number, target in enumerate(targets):
            theatre.target = target
            tasks.append(theatre.submit(f"task-{turn}-{number}"))
    return tasks
