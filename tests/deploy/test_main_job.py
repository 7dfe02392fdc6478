"""The main job with deploy/ applied, as the executor's service account with a real, short-lived token."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.deploy.conftest import Installation
from tests.deploy.stage import EXECUTOR, HARNESS, executor_token
from tests.scenarios.conftest import bundle, bundle_file, sidecar  # noqa: F401 - fixtures
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.configuration import Audit, Cluster, Opa, Settings
from runbook_gate.demo.stage import APPROVED
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.localcluster.credentials import write_kubeconfig

pytestmark = pytest.mark.scenario


@pytest.fixture
def theatre(
    installed: Installation,
    tmp_path: Path,
    bundle_file: Path,  # noqa: F811
    sidecar: Sidecar,  # noqa: F811
) -> Theatre:
    """An approved target, and the scenarios' own harness under the service account."""
    server = installed.cluster.server
    kubeconfig = write_kubeconfig(
        tmp_path / "kubeconfig",
        url=server.url,
        ca_file=server.ca_file,
        user="executor",
        token=executor_token(installed.seeder),
    )
    settings = Settings(
        bundle=bundle_file,
        opa=Opa(socket=Path(sidecar.address.socket or "")),
        cluster=Cluster(kubeconfig=kubeconfig),
        audit=Audit(logs=(server.audit_log,)),
    )
    made = Theatre(tmp_path, installed.cluster, installed.seeder, HARNESS, settings)
    made.identity = EXECUTOR
    return made


def test_the_main_job_completes_as_the_service_account(theatre: Theatre) -> None:
    theatre.live(dict.fromkeys(APPROVED))
    before = theatre.labels()
    theatre.submit()
    finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert theatre.labels() == {**before, **APPROVED}
    gathered = list(theatre.history().observations("gather", step="restore"))
    assert {entry.body["identity"]["username"] for entry in gathered} == {EXECUTOR}
    [write] = theatre.writes()
    assert write["user"]["username"] == EXECUTOR
