"""A runbook that wants a signature: the shipped bundle with one line changed, on the real command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.scenarios import process
from tests.scenarios.bundles import edited, served
from tests.scenarios.conftest import RUNBOOK
from tests.scenarios.ledgers import nothing_recorded
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated
from tests.scenarios.wires.company import assert_kept

from runbook_gate.dsse.keys import key_id

PARTIES = "parties/data.yaml"


def parties(key: ec.EllipticCurvePrivateKey) -> list[tuple[str, str]]:
    """The parties data with one key of the prequalifier."""
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return [("keys: {}", f"keys: {json.dumps({'platform-governance': {key_id(public): pem}})}")]


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def signed_only(
    opa_binary: Path, tmp_path_factory: pytest.TempPathFactory, key: ec.EllipticCurvePrivateKey
) -> Iterator[dict[str, Any]]:
    """Settings of policies that want a signature of this key."""
    wanted = [("assurance: [claimed, authenticated, signed]", "assurance: [signed]")]
    folder = tmp_path_factory.mktemp("signed-only")
    bundle = edited(folder, opa_binary, {RUNBOOK: wanted, PARTIES: parties(key)})
    with served(folder, opa_binary, bundle) as settings:
        yield settings


@pytest.fixture
def strict(theatre: Theatre, shipped: dict[str, Any], signed_only: dict[str, Any]) -> Theatre:
    theatre.settings = theatre.settings.model_copy(update={**signed_only, "submitter": "ci-platform"})
    return theatre


def task(theatre: Theatre, key: ec.EllipticCurvePrivateKey) -> str:
    """A task file, signed by `task sign`."""
    (theatre.folder / "task.yaml").write_text(yaml.safe_dump(theatre.target.task("task-1")), encoding="utf-8")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (theatre.folder / "key.pem").write_bytes(private)
    sign = ("task", "sign", "task.yaml", "--key", "key.pem", "--out", "task.dsse.json")
    assert process.status(theatre, *sign) == 0
    return "task.dsse.json"


def test_a_signed_task_completes(strict: Theatre, key: ec.EllipticCurvePrivateKey) -> None:
    assert process.status(strict, "submit", task(strict, key)) == 0
    assert_completed(strict, strict.run(), writes=1)
    assert_kept(strict)
    submission = strict.history().opened.task.submission
    assert submission.signature is not None
    assert (submission.assurance, submission.signature.key) == ("signed", key_id(key.public_key()))
    with strict.store() as store:
        kept = json.loads(store.evidence.get(submission.signature.envelope_sha256))
    assert kept == json.loads((strict.folder / "task.dsse.json").read_text())


def test_a_claim_does_not_suffice(strict: Theatre, key: ec.EllipticCurvePrivateKey) -> None:
    task(strict, key)
    assert process.status(strict, "submit", "task.yaml") == 0
    assert_escalated(strict, strict.run(), "task_contract.insufficient_assurance", origin="cp0")


def test_a_task_that_was_changed_after_it_was_signed_is_not_recorded(
    strict: Theatre, key: ec.EllipticCurvePrivateKey
) -> None:
    file = strict.folder / task(strict, key)
    document = json.loads(file.read_text())
    document["payload"] = "eyJhIjoxfQ=="
    file.write_text(json.dumps(document))
    assert process.status(strict, "submit", file.name) == 2
    assert nothing_recorded(strict.settings.store)


def test_a_key_that_is_no_longer_listed_when_the_run_opens(
    strict: Theatre, shipped: dict[str, Any], key: ec.EllipticCurvePrivateKey
) -> None:
    """The shipped bundle lists no key at all, and would take a mere claim."""
    assert process.status(strict, "submit", task(strict, key)) == 0
    assert_escalated(strict, strict.run(**shipped), "task_contract.unlisted_key", origin="cp0")
