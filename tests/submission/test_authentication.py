"""A prequalifier that submits itself: an API server that is believed says who it is, or nothing is recorded."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from tests.cluster.faulty_server import FaultyServer, certificate, kubeconfig, serving

from runbook_gate.authentication import authenticated
from runbook_gate.canonical import sha256_hex
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Cluster, Settings
from runbook_gate.demo.stage import Target
from runbook_gate.errors import EnvironmentFault, InvalidDocument, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger.sealing import document_sha256
from runbook_gate.models.task import Authentication, TaskDocument
from runbook_gate.submission import read_task

WHO = "oidc:governance"


class Reviewer:
    """An API server that says who asks.

    Attributes:
        status: of its answer.
        username: whom it names.
        audit_id: of the answer; None for that of the request.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.status, self.username, self.audit_id = "201 Created", WHO, None

    def act(self, stream: Any) -> None:
        """Answer the newest request."""
        asked = [line for line in self.server.requests[-1].decode().split("\r\n") if line.startswith("Audit-ID: ")]
        audit_id = f"Audit-ID: {self.audit_id}" if self.audit_id else asked[0]
        body = json.dumps({"status": {"userInfo": {"username": self.username}}})
        head = f"HTTP/1.1 {self.status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{audit_id}"
        stream.sendall(f"{head}\r\n\r\n{body}".encode())

    server: FaultyServer

    @property
    def authority(self) -> str:
        """Id of the authority that vouches for it."""
        key = load_pem_x509_certificate((self.folder / "ca.crt").read_bytes()).public_key()
        return sha256_hex(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def settings(self, *, ca_file: Path | None = None, url: str | None = None) -> Settings:
        """A submitter's own kubeconfig."""
        url = url or f"https://127.0.0.1:{self.server.port}"
        stated = {"certificate-authority": str(ca_file or self.folder / "ca.crt")}
        return Settings(cluster=Cluster(kubeconfig=kubeconfig(self.folder, url, **stated)))

    def bundle(self, **listed: Any) -> Bundle:
        """Parties data that lists the user, or something else."""
        identities = listed or {"platform-governance": {self.authority: [WHO]}}
        parties = {"identities": {name.replace("_", "-"): value for name, value in identities.items()}}
        return Bundle(b"", {}, None, {"parties": parties})


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    return certificate(tmp_path)


@pytest.fixture
def reviewer(tmp_path: Path, tls: ssl.SSLContext) -> Iterator[Reviewer]:
    made = Reviewer(tmp_path)
    with serving(made.act, tls) as made.server:
        yield made


@pytest.fixture
def task(tmp_path: Path) -> TaskDocument:
    document = Target("payments-prod", "a-uid", "a-cluster-uid").task("task-1")
    (tmp_path / "task.json").write_text(json.dumps(document), encoding="utf-8")
    return read_task(tmp_path / "task.json")


def test_the_listed_user_of_a_listed_authority(reviewer: Reviewer, task: TaskDocument) -> None:
    found = authenticated(task, reviewer.bundle(), reviewer.settings(), SystemClock())
    assert found == Authentication(authority=reviewer.authority, username=WHO, audit_id=document_sha256(task))
    [asked] = reviewer.server.requests
    assert f"Audit-ID: {document_sha256(task)}".encode() in asked
    assert asked.startswith(b"POST /apis/authentication.k8s.io/v1/selfsubjectreviews?")


@pytest.mark.parametrize("listing", ["another party", "another authority", "another user", "text", "nobody"])
def test_a_user_that_is_not_listed(reviewer: Reviewer, task: TaskDocument, listing: str) -> None:
    own = reviewer.authority
    listed: dict[str, dict[str, Any]] = {
        "another party": {"release_board": {own: [WHO]}},
        "another authority": {"platform_governance": {"0" * 64: [WHO]}},
        "another user": {"platform_governance": {own: [f"{WHO}-2"]}},
        "text": {"platform_governance": {own: f"{WHO}, and others"}},
        "nobody": {"platform_governance": {}},
    }
    with pytest.raises(InvalidDocument, match="is not listed for prequalifier platform-governance"):
        authenticated(task, reviewer.bundle(**listed[listing]), reviewer.settings(), SystemClock())


def test_a_server_that_the_listed_authority_does_not_vouch_for(
    reviewer: Reviewer, task: TaskDocument, tmp_path: Path
) -> None:
    """It would name whomever its owner likes; the kubeconfig still names the listed authority."""
    (tmp_path / "other").mkdir()
    forged = Reviewer(tmp_path / "other")
    with serving(forged.act, certificate(forged.folder)) as forged.server:
        settings = forged.settings(ca_file=reviewer.folder / "ca.crt")
        with pytest.raises(EnvironmentFault, match="does not say who submits"):
            authenticated(task, reviewer.bundle(), settings, SystemClock())
        with pytest.raises(InvalidDocument, match="is not listed"):
            authenticated(task, reviewer.bundle(), forged.settings(), SystemClock())
        assert len(forged.server.requests) == 1


def test_an_authority_beside_the_listed_one_is_not_trusted(
    reviewer: Reviewer, task: TaskDocument, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    certificate(tmp_path / "other")
    both = tmp_path / "both.crt"
    both.write_bytes((tmp_path / "ca.crt").read_bytes() + (tmp_path / "other" / "ca.crt").read_bytes())
    with pytest.raises(InvalidDocument, match="exactly one authority"):
        authenticated(task, reviewer.bundle(), reviewer.settings(ca_file=both), SystemClock())
    assert reviewer.server.requests == []


def test_without_tls_nobody_vouches(reviewer: Reviewer, task: TaskDocument) -> None:
    plain = reviewer.settings(url=f"http://127.0.0.1:{reviewer.server.port}")
    with pytest.raises(InvalidDocument, match="needs https"):
        authenticated(task, reviewer.bundle(), plain, SystemClock())
    assert reviewer.server.requests == []


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("status", "401 Unauthorized"), ("status", "200 OK"), ("username", ""), ("username", "a\nb"), ("audit_id", "x")],
)
def test_an_answer_that_says_nothing(reviewer: Reviewer, task: TaskDocument, attribute: str, value: str) -> None:
    setattr(reviewer, attribute, value)
    with pytest.raises(EnvironmentFault, match="does not say who submits"):
        authenticated(task, reviewer.bundle(), reviewer.settings(), SystemClock())


def test_neither_bundle_nor_kubeconfig(reviewer: Reviewer, task: TaskDocument) -> None:
    with pytest.raises(UsageFault, match="needs a bundle"):
        authenticated(task, None, reviewer.settings(), SystemClock())
    with pytest.raises(UsageFault, match="needs a kubeconfig"):
        authenticated(task, reviewer.bundle(), Settings(), SystemClock())
