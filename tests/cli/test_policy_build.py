"""`policy build`: one file, the same for the same sources, and beside it where it comes from."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.cli.conftest import Call

from runbook_gate import resources
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import OpaGate
from runbook_gate.gate.sidecar import Sidecar


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped policies, outside of any repository."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Path(shutil.copytree(resources.policies(), tmp_path / "policies"))


def commit(folder: Path) -> str:
    """Make a folder a repository with one commit."""
    identity = ["-c", "user.name=author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "policies"], ["commit", "--quiet", "--message=first"]):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def test_the_same_sources_give_the_same_file(call: Call, tmp_path: Path) -> None:
    told = call("policy", "build", "--allow-dirty", "-o", "json")
    assert (told.status, told.document["file"]) == (0, "bundle.tar.gz")
    bundle = Bundle.read(tmp_path / "bundle.tar.gz")
    assert told.document["revision"] == bundle.revision == bundle.content_sha256
    assert told.document["bundle_sha256"] == bundle.bundle_sha256
    assert "MKS-PSA-Label-Restore-v3" in told.document["runbooks"]
    shutil.copytree(resources.policies(), tmp_path / "policies")
    assert call("policy", "build", "--policies", "policies", "--out", "again.tar.gz").status == 0
    assert (tmp_path / "again.tar.gz").read_bytes() == (tmp_path / "bundle.tar.gz").read_bytes()


def test_the_text_is_aligned(call: Call) -> None:
    lines = call("policy", "build", "--allow-dirty").out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "file",
        "revision",
        "bundle_sha256",
        "commit",
        "dirty",
        "signed",
        "capabilities_sha256",
        "runbooks",
    ]
    assert len({len(line) - len(line.partition("  ")[2].lstrip()) for line in lines}) == 1


def test_policies_that_do_not_compile_are_told_in_the_words_of_opa(call: Call, tmp_path: Path) -> None:
    shutil.copytree(resources.policies(), tmp_path / "policies")
    (tmp_path / "policies" / "gate" / "odd.rego").write_text("package gate\n\nodd := http.send({})\n")
    refused = call("policy", "build", "--policies", "policies")
    assert (refused.status, refused.out) == (2, "")
    assert "http.send" in refused.err
    assert not (tmp_path / "bundle.tar.gz").exists()


def test_a_file_that_cannot_be_written(call: Call, tmp_path: Path) -> None:
    refused = call("policy", "build", "--allow-dirty", "--out", "nowhere/bundle.tar.gz", "-o", "json")
    assert refused.status == 2
    assert refused.document["error"]["message"] == "--out nowhere/bundle.tar.gz: No such file or directory."
    assert list(tmp_path.iterdir()) == []


def test_an_opa_that_is_none(call: Call, tmp_path: Path) -> None:
    refused = call("policy", "build", "--allow-dirty", "--opa", tmp_path / "opa")
    assert refused.status == 1
    assert refused.err.startswith("Error: ")
    assert "Traceback" not in refused.err


def test_the_commit_is_told_beside_the_bundle_and_not_in_it(call: Call, policies: Path, tmp_path: Path) -> None:
    assert call("policy", "build", "--policies", "policies", "--out", "before.tar.gz").status == 0
    made = commit(tmp_path)
    told = call("policy", "build", "--policies", "policies", "-o", "json").document
    assert (told["commit"], told["dirty"], told["signed"]) == (made, False, False)
    assert json.loads((tmp_path / "bundle.tar.gz.json").read_text(encoding="utf-8")) == told
    assert (tmp_path / "bundle.tar.gz").read_bytes() == (tmp_path / "before.tar.gz").read_bytes()


def test_a_dirty_tree_is_refused_unless_told(call: Call, policies: Path, tmp_path: Path) -> None:
    made = commit(tmp_path)
    (policies / "gate" / "new.rego").write_text("package gate\n", encoding="utf-8")
    refused = call("policy", "build", "--policies", "policies")
    assert (refused.status, refused.out) == (2, "")
    assert "differs from its git commit: policies/gate/new.rego." in refused.err
    assert "--allow-dirty" in refused.err
    assert not (tmp_path / "bundle.tar.gz").exists()
    told = call("policy", "build", "--policies", "policies", "--allow-dirty", "-o", "json")
    assert (told.status, told.document["commit"], told.document["dirty"]) == (0, made, True)


def test_outside_of_a_repository_the_commit_is_unknown(call: Call, policies: Path) -> None:
    told = call("policy", "build", "--policies", "policies")
    assert told.status == 0
    assert "commit               unknown\n" in told.out


def test_a_signed_bundle_has_the_same_revision_and_is_served(
    call: Call, policies: Path, tmp_path: Path, opa_binary: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    plain = call("policy", "build", "--policies", "policies", "--out", "plain.tar.gz", "-o", "json").document
    signed = call("policy", "build", "--policies", "policies", "--signing-key", "key.pem", "-o", "json").document
    assert (plain["signed"], signed["signed"]) == (False, True)
    assert signed["revision"] == plain["revision"]
    bundle = Bundle.read(tmp_path / "bundle.tar.gz")
    with Sidecar(opa_binary, bundle) as sidecar:
        gate = OpaGate(sidecar.address, timeout_s=10)
        assert gate.revision()[1] == signed["revision"]
        gate.close()


def test_a_key_that_is_none_or_of_another_kind(call: Call, policies: Path, tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("no key", encoding="utf-8")
    curve = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "curve.pem").write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for name in ("text.pem", "curve.pem"):
        refused = call("policy", "build", "--policies", "policies", "--signing-key", name)
        assert refused.status == 2
        assert f"--signing-key {name}: opa does not sign with it and RS256." in refused.err
        assert "no key" not in refused.err
        assert "Correct the policies" not in refused.err
        assert not (tmp_path / "bundle.tar.gz").exists()


def test_an_algorithm_that_opa_does_not_know(call: Call, policies: Path, tmp_path: Path) -> None:
    refused = call("policy", "build", "--policies", "policies", "--signing-alg", "BOGUS")
    assert (refused.status, refused.out) == (2, "")
    assert "'BOGUS' is not one of" in refused.err


def test_what_opa_quotes_of_a_file_moves_nothing_on_a_terminal(call: Call, policies: Path) -> None:
    (policies / "gate" / "odd.rego").write_text('package gate\n\n\todd := "\x1b[2J" }\n', encoding="utf-8")
    refused = call("policy", "build", "--policies", "policies")
    assert refused.status == 2
    assert "odd.rego:3" in refused.err
    assert all(line.isprintable() for line in refused.err.splitlines())


def test_data_that_is_not_as_its_schema_says_is_refused(call: Call, policies: Path, tmp_path: Path) -> None:
    file = policies / "runbooks" / "MKS-PSA-Label-Restore-v3" / "data.yaml"
    text = file.read_text(encoding="utf-8").replace("\nretry_budget: 2\n", "\nretry_budget: 2\nretry_budgett: 2\n")
    file.write_text(text, encoding="utf-8")
    refused = call("policy", "build", "--policies", "policies")
    assert (refused.status, refused.out) == (2, "")
    assert f"{file}: retry_budgett is not known here; retry_budget may be meant." in refused.err
    assert "schemas/runbook.json" in refused.err
    assert not (tmp_path / "bundle.tar.gz").exists()
