"""The pods of deploy/ as they are written, run here: arguments, settings, volumes, probe, token and bundle."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.deploy.composing import compose, pod_spec
from tests.deploy.conftest import Installation
from tests.deploy.pod import Pod
from tests.deploy.stage import EXECUTOR, TASK, WORKER, site_of
from tests.postgresql.server import PostgresServer
from tests.roles.roled import AUDITOR, RUNTIME, RoledStore, roled
from tests.working.conftest import asked, until

from runbook_gate import resources
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.core.history import History
from runbook_gate.demo.stage import APPROVED, REGISTERS, Target
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.gate.build import build
from runbook_gate.gate.sidecar import arguments
from runbook_gate.gate.signature import Verification
from runbook_gate.localcluster import find_tool
from runbook_gate.models.task import Submission
from runbook_gate.processes import free_port
from runbook_gate.stores import open_store
from runbook_gate.submission import read_task, submitted

pytestmark = pytest.mark.scenario
Make = Callable[[str], Pod]
STORE = "postgresql://runbook_gate@postgres.example.com:5432/runbook_gate"
BUNDLE, KEY, SOCKET = "/etc/runbook-gate/bundle/bundle.tar.gz", "/etc/runbook-gate/keys/bundle.pem", "/run/opa/opa.sock"


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a socket."""
    with tempfile.TemporaryDirectory(prefix="pod-") as folder:
        yield Path(folder)


@pytest.fixture
def pod(installed: Installation, short: Path) -> Make:
    """The pod of an overlay, with registers and a task that are about a namespace that is there."""

    def make(overlay: str) -> Pod:
        documents = compose(installed.site / "overlays" / overlay)
        target = Target(TASK, installed.seeder.uid(TASK), installed.seeder.uid("kube-system"))
        stated = {
            "registers": {f"{name}.yaml": target.register(name) for name in REGISTERS},
            "task": {"task.yaml": target.task("restore-1")},
        }
        for document in documents:
            if document["kind"] == "ConfigMap" and document["metadata"]["name"] in stated:
                files = stated[document["metadata"]["name"]]
                document["data"] = {name: yaml.safe_dump(content) for name, content in files.items()}
        [spec] = [spec for document in documents if (spec := pod_spec(document))]
        return Pod(short, spec, documents, installed.cluster, installed.seeder)

    return make


def history(pod: Pod) -> History:
    """The only run in the ledger on the pod's volume."""
    settings = Settings(store=pod.path("/var/lib/runbook-gate/ledger.sqlite"))
    with open_store(settings, clock=SystemClock(), read_only=True) as store:
        [run] = store.runs.list()
        return History(store.runs.entries(run.id))


def test_the_job_restores_the_labels(installed: Installation, pod: Make) -> None:
    job = pod("task")
    with job.sidecar():
        ended = job.run()
    assert ended.status == ExitStatus.COMPLETE, ended
    labels = installed.seeder.core.read_namespace(TASK).metadata.labels
    assert {key: labels.get(key) for key in APPROVED} == APPROVED
    recorded = history(job)
    assert recorded.newest.kind == "completed"
    key = Verification(job.path(KEY), "ES256").key_id()
    assert (recorded.pins.signer_key_id, recorded.pins.opa_basis) == (key, "claimed")
    [gathered, *_] = recorded.observations("gather", step="restore")
    assert gathered.body["identity"]["username"] == EXECUTOR
    message = json.loads(job.path("/dev/termination-log").read_text(encoding="utf-8"))
    assert recorded.newest.sha256 in json.dumps(message)


def test_an_empty_queue_is_no_failure(pod: Make) -> None:
    queue = pod("queue")
    with queue.sidecar():
        ended = queue.run()
    assert ended.status == ExitStatus.COMPLETE, ended


def test_the_worker_takes_what_is_due_says_that_it_is_ready_and_drains(
    installed: Installation, pod: Make, tmp_path: Path
) -> None:
    target = Target(WORKER, installed.seeder.uid(WORKER), installed.seeder.uid("kube-system"))
    with PostgresServer() as postgres:
        worker, port = pod("worker"), free_port()
        settings = worker.path("/etc/runbook-gate/settings/runbook-gate.toml")
        text, store = settings.read_text(encoding="utf-8"), roled(postgres)
        url = str(store.place(RUNTIME))
        for written, here in ((STORE, url), ("0.0.0.0:9464", f"127.0.0.1:{port}")):
            assert written in text
            text = text.replace(written, here)
        settings.write_text(text, encoding="utf-8")
        for name in REGISTERS:
            file = worker.path(f"/etc/runbook-gate/registers/{name}.yaml")
            file.write_text(yaml.safe_dump(target.register(name)), encoding="utf-8")
        submit(url, tmp_path / "task.yaml", target)
        with worker.sidecar(), worker.started() as executor:
            until(lambda: asked(port, "/readyz")[0] == asked(port, "/healthz")[0] == 200)
            assert asked(port, "/metrics")[0] == 200
            until(lambda: ended(str(store.place(AUDITOR))))
            assert users(store) == {RUNTIME}
            executor.send_signal(signal.SIGTERM)
            out, err = executor.communicate(timeout=60)
    assert executor.returncode == ExitStatus.COMPLETE, err
    assert out.startswith("1 completed")
    labels = installed.seeder.core.read_namespace(WORKER).metadata.labels
    assert {key: labels.get(key) for key in APPROVED} == APPROVED


def users(store: RoledStore) -> set[str]:
    """As whom the store is in use."""
    with store.server.connect() as connection:
        wanted = "SELECT usename FROM pg_stat_activity WHERE datname = %s"
        return {name for (name,) in connection.execute(wanted, (store.name,))}


def submit(url: str, file: Path, target: Target) -> None:
    """Submit a task into a store on a server."""
    file.write_text(yaml.safe_dump(target.task("restore-worker")), encoding="utf-8")
    submission = Submission(submitter="ci-platform", assurance="claimed", submitted_ms=SystemClock().read().at_ms)
    with open_store(Settings.model_validate({"store": url}), clock=SystemClock()) as store:
        store.tasks.submit(submitted(read_task(file), submission))


def ended(url: str) -> bool:
    """Whether the task has ended."""
    with open_store(Settings.model_validate({"store": url}), clock=SystemClock(), read_only=True) as store:
        return store.tasks.status("restore-worker").outcome == "complete"


def test_a_sidecar_that_is_gone_is_what_is_tried_again(pod: Make) -> None:
    ended = pod("task").run()
    assert ended.status == ExitStatus.STOPPED, ended


@pytest.mark.parametrize("overlay", ["task", "queue", "worker"])
def test_the_sidecars_command_line_is_the_one_that_the_executor_starts(installed: Installation, overlay: str) -> None:
    [spec] = [spec for document in compose(installed.site / "overlays" / overlay) if (spec := pod_spec(document))]
    [opa] = spec["initContainers"]
    assert opa["command"] == ["opa", *arguments(BUNDLE, SOCKET, Verification(Path(KEY), "ES256"))]
    assert "args" not in opa


def unsigned(folder: Path) -> bytes:
    return build(resources.policies(), opa=find_tool("opa")).raw


def of_another_key(folder: Path) -> bytes:
    return (site_of(folder) / "overlays" / "site" / "bundle.tar.gz").read_bytes()


@pytest.mark.parametrize("other", [unsigned, of_another_key])
def test_neither_sidecar_nor_executor_takes_a_bundle_that_the_key_did_not_sign(
    pod: Make, tmp_path: Path, other: Callable[[Path], bytes]
) -> None:
    job = pod("task")
    job.path(BUNDLE).write_bytes(other(tmp_path))
    with job.sidecar() as opa:
        assert opa.poll() not in {None, 0}
        assert job.probe() != 0
    ended = job.run()
    assert ended.status == ExitStatus.USAGE
    assert "The bundle is not as key" in ended.err
    assert not job.path("/var/lib/runbook-gate/ledger.sqlite").exists()
