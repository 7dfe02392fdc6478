"""A runbook that wants its prequalifier to submit: the real API server says who does, and so does its audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate, load_pem_x509_certificates
from tests.scenarios import process
from tests.scenarios.bundles import edited, served
from tests.scenarios.conftest import RUNBOOK
from tests.scenarios.ledgers import nothing_recorded
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated
from tests.scenarios.wires.company import assert_kept

from runbook_gate.canonical import sha256_hex
from runbook_gate.localcluster import LocalCluster

PREQUALIFIER, SOMEBODY = "admin", "plain"
WANTED = [("assurance: [claimed, authenticated, signed]", "assurance: [authenticated, signed]")]


def authority_of(cluster: LocalCluster) -> Certificate:
    """The API server made it for itself, and wrote it into one file after its own certificate."""
    _, made = load_pem_x509_certificates(cluster.server.ca_file.read_bytes())
    return made


@pytest.fixture(scope="module")
def strict_settings(
    opa_binary: Path, tmp_path_factory: pytest.TempPathFactory, cluster: LocalCluster
) -> Iterator[dict[str, Any]]:
    """Settings of policies that want the prequalifier itself, a user of this API server."""
    key = authority_of(cluster).public_key()
    authority = sha256_hex(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    listed = json.dumps({"platform-governance": {authority: [PREQUALIFIER]}})
    folder = tmp_path_factory.mktemp("authenticated-only")
    changes = {RUNBOOK: WANTED, "parties/data.yaml": [("identities: {}", f"identities: {listed}")]}
    with served(folder, opa_binary, edited(folder, opa_binary, changes)) as settings:
        yield settings


@pytest.fixture
def strict(theatre: Theatre, shipped: dict[str, Any], strict_settings: dict[str, Any]) -> Theatre:
    theatre.settings = theatre.settings.model_copy(update={**strict_settings, "submitter": "ci-platform"})
    (theatre.folder / "task.yaml").write_text(yaml.safe_dump(theatre.target.task("task-1")), encoding="utf-8")
    return theatre


def submit(theatre: Theatre, user: str, *options: str) -> int:
    """Submit the task with the credentials of a user, who trusts one authority."""
    document = json.loads(theatre.cluster.server.kubeconfig(user).read_text(encoding="utf-8"))
    (theatre.folder / "ca.crt").write_bytes(authority_of(theatre.cluster).public_bytes(Encoding.PEM))
    document["clusters"][0]["cluster"]["certificate-authority"] = str(theatre.folder / "ca.crt")
    (theatre.folder / "own.kubeconfig").write_text(json.dumps(document), encoding="utf-8")
    named = ("--kubeconfig", "own.kubeconfig")
    return process.status(theatre, "submit", "task.yaml", "--authenticate", *named, *options)


def test_a_task_that_its_prequalifier_submitted_completes(strict: Theatre) -> None:
    assert submit(strict, PREQUALIFIER) == 0
    assert_completed(strict, strict.run(), writes=1)
    assert_kept(strict)
    submission = strict.history().opened.task.submission
    assert submission.authentication is not None
    assert (submission.assurance, submission.authentication.username) == ("authenticated", PREQUALIFIER)
    lines = strict.cluster.server.audit_log.read_text(encoding="utf-8").splitlines()
    [told] = [json.loads(line) for line in lines if submission.authentication.audit_id in line]
    assert (told["user"]["username"], told["objectRef"]["resource"]) == (PREQUALIFIER, "selfsubjectreviews")


def test_somebody_else_is_refused_and_nothing_is_recorded(strict: Theatre) -> None:
    assert submit(strict, SOMEBODY) == 2
    assert submit(strict, PREQUALIFIER, "--run") == 2
    assert nothing_recorded(strict.settings.store)


def test_a_claim_does_not_suffice(strict: Theatre) -> None:
    assert process.status(strict, "submit", "task.yaml") == 0
    assert_escalated(strict, strict.run(), "task_contract.insufficient_assurance", origin="cp0")


def test_a_user_that_is_no_longer_listed_when_the_run_opens(strict: Theatre, shipped: dict[str, Any]) -> None:
    """The shipped bundle lists nobody, and would take a mere claim."""
    assert submit(strict, PREQUALIFIER) == 0
    assert_escalated(strict, strict.run(**shipped), "task_contract.unlisted_identity", origin="cp0")
