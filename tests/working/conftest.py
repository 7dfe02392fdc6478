"""Many namespaces with one set of registers, and `work` as a process of its own on the real API server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import NamespaceFactory
from tests.notifications.conftest import hang, receiver  # noqa: F401 - fixtures
from tests.promise import broken
from tests.promise.audit import events_of
from tests.queue.conftest import queue  # noqa: F401 - a fixture
from tests.scenarios import process
from tests.scenarios.bundles import edited
from tests.scenarios.conftest import bundle, bundle_file, replay_sidecar, sidecar, theatre  # noqa: F401 - fixtures
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Opa
from runbook_gate.demo.stage import CLUSTER_ID, REGISTERS, Target
from runbook_gate.ledger import RunStatus

RUNBOOK = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"
SOON_S = 60.0


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    status: int
    out: dict[str, Any]
    log: list[dict[str, Any]]


class Fleet:
    """Tasks of several namespaces in one store.

    Attributes:
        stage: the theatre whose store and settings it has.
        targets: the namespaces; of every second the labels are to be restored, the others have an open waiver.
    """

    def __init__(self, stage: Theatre, targets: list[Target]) -> None:
        self.stage, self.targets = stage, targets
        for name in REGISTERS:
            records = [record for one in targets for record in one.records(name)]
            records = records[:1] if name == "cluster_inventory" else records
            document = {**stage.target.register(name), "total": len(records), "records": records}
            stage.files[name].write_text(yaml.safe_dump(document), encoding="utf-8")

    def submit(self, each: int) -> list[str]:
        """So many tasks for every target, those of one target apart from each other."""
        tasks = []
        for turn in range(each):
            for number, target in enumerate(self.targets):
                self.stage.target = target
                tasks.append(self.stage.submit(f"task-{turn}-{number}"))
        return tasks

    @contextmanager
    def working(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """`work` as a process; it is killed at the end, if it is still there."""
        with process.start(self.stage, "work", "--log", "json", "-o", "json", *arguments) as started:
            try:
                yield started
            finally:
                started.kill()

    def runs(self) -> list[RunStatus]:
        """Every run."""
        with self.stage.store() as store:
            return store.runs.list(limit=1000)

    def audited(self) -> list[dict[str, Any]]:
        """What the API server's audit log has, but for reads."""
        return [event for event in events_of(self.stage.cluster.server.audit_log) if event["verb"] != "get"]

    def have_ended(self, tasks: list[str]) -> bool:
        """Whether the run of each task has."""
        runs = self.runs()
        return len(runs) == len(tasks) and all(run.state != "active" for run in runs)

    def assert_kept(self, tasks: list[str]) -> None:
        """Each task has exactly one run, which has ended, and the promise is kept."""
        runs = self.runs()
        assert sorted(run.task for run in runs) == sorted(tasks)
        assert {run.state for run in runs} <= {"complete", "escalated"}
        events = self.audited()
        with self.stage.store() as store:
            assert broken(store, events, packets=[path.stem for path in self.stage.packets()]) == []


def ended(started: subprocess.Popen[str], seconds: float = 150) -> Ended:
    """Wait for the end."""
    out, err = started.communicate(timeout=seconds)
    assert out, err
    return Ended(started.returncode, json.loads(out), [json.loads(line) for line in err.splitlines()])


def asked(port: int, path: str) -> tuple[int, str]:
    """What a worker answers; 0 of one that does not."""
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    return 0, ""


def until(happened: Callable[[], bool], seconds: float = SOON_S) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="session")
def short_rounds(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policies with a tenth of a second between the rounds, as a bundle file."""
    folder = tmp_path_factory.mktemp("short-rounds")
    limits = [("between_rounds: 5000", "between_rounds: 100"), ("cp3: 5000", "cp3: 100")]
    file = folder / "bundle.tar.gz"
    file.write_bytes(edited(folder, opa_binary, {RUNBOOK: limits}).raw)
    return file


@pytest.fixture
def fleet(theatre: Theatre, namespace_factory: NamespaceFactory, short_rounds: Path, opa_binary: Path) -> Fleet:  # noqa: F811
    """Four namespaces; the executor starts its sidecar itself."""
    theatre.settings = theatre.settings.model_copy(update={"bundle": short_rounds, "opa": Opa(binary=opa_binary)})
    made = [theatre.target]
    for _ in range(3):
        namespace = namespace_factory()
        made.append(replace(theatre.target, namespace=namespace, uid=theatre.seeder.uid(namespace)))
    return Fleet(theatre, [one if index % 2 == 0 else waived(one) for index, one in enumerate(made)])


def waived(target: Target) -> Target:
    """The same with an open waiver."""
    scope = {"cluster_id": CLUSTER_ID, "namespace": target.namespace}
    return replace(target, waivers=({"id": "EXC-311", "status": "open", "expiry": None, "scope": scope},))
