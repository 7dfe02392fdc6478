"""`doctor` under the executor's service account, with the rights that `deploy render` writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.deploy.conftest import Installation
from tests.deploy.stage import EXECUTOR, UNAPPROVED, WATCHED, executor_token

from runbook_gate.configuration import Cluster, Settings
from runbook_gate.doctor import Finding, examine
from runbook_gate.doctor.rights import UNWANTED
from runbook_gate.localcluster.credentials import write_kubeconfig


@pytest.fixture
def settings(installed: Installation, tmp_path: Path) -> Settings:
    """The service account's access, and nothing else."""
    server = installed.cluster.server
    token = executor_token(installed.seeder)
    file = tmp_path / "kubeconfig"
    write_kubeconfig(file, url=server.url, ca_file=server.ca_file, user="executor", token=token)
    return Settings(cluster=Cluster(kubeconfig=file))


def found(settings: Settings, namespace: str, name: str) -> Finding:
    """One finding."""
    [finding] = [finding for finding in examine(settings, namespace) if finding.name == name]
    return finding


def test_the_rights_are_sufficient_and_none_is_too_much(settings: Settings) -> None:
    assert len(UNWANTED) > 50
    told = f"sufficient on {WATCHED}, and none of {len(UNWANTED)} that it must not have"
    assert found(settings, WATCHED, "rights") == Finding("rights", True, told)
    assert found(settings, WATCHED, "identity") == Finding("identity", True, EXECUTOR)


def test_a_namespace_that_is_not_approved_is_told(settings: Settings) -> None:
    finding = found(settings, UNAPPROVED, "rights")
    assert not finding.fit
    assert finding.told.startswith(
        f"On {UNAPPROVED} the executor may not get namespaces, patch namespaces, create pods"
    )
