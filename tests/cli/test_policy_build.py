"""`policy build`: one file, the same for the same sources."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Call

from runbook_gate import resources
from runbook_gate.gate.bundle import Bundle


def test_the_same_sources_give_the_same_file(call: Call, tmp_path: Path) -> None:
    told = call("policy", "build", "-o", "json")
    assert (told.status, told.document["file"]) == (0, "bundle.tar.gz")
    bundle = Bundle.read(tmp_path / "bundle.tar.gz")
    assert told.document["revision"] == bundle.revision == bundle.content_sha256
    assert told.document["bundle_sha256"] == bundle.bundle_sha256
    assert "MKS-PSA-Label-Restore-v3" in told.document["runbooks"]
    shutil.copytree(resources.policies(), tmp_path / "policies")
    assert call("policy", "build", "--policies", "policies", "--out", "again.tar.gz").status == 0
    assert (tmp_path / "again.tar.gz").read_bytes() == (tmp_path / "bundle.tar.gz").read_bytes()


def test_the_text_is_aligned(call: Call) -> None:
    lines = call("policy", "build").out.splitlines()
    assert [line.split()[0] for line in lines] == ["file", "revision", "bundle_sha256", "runbooks"]
    assert len({len(line) - len(line.partition("  ")[2].lstrip()) for line in lines}) == 1


def test_policies_that_do_not_compile_are_told_in_the_words_of_opa(call: Call, tmp_path: Path) -> None:
    shutil.copytree(resources.policies(), tmp_path / "policies")
    (tmp_path / "policies" / "gate" / "odd.rego").write_text("package gate\n\nodd := http.send({})\n")
    refused = call("policy", "build", "--policies", "policies")
    assert (refused.status, refused.out) == (2, "")
    assert "http.send" in refused.err
    assert not (tmp_path / "bundle.tar.gz").exists()


def test_a_file_that_cannot_be_written(call: Call, tmp_path: Path) -> None:
    refused = call("policy", "build", "--out", "nowhere/bundle.tar.gz", "-o", "json")
    assert refused.status == 2
    assert refused.document["error"]["message"] == "--out nowhere/bundle.tar.gz: No such file or directory."
    assert list(tmp_path.iterdir()) == []


def test_an_opa_that_is_none(call: Call, tmp_path: Path) -> None:
    refused = call("policy", "build", "--opa", tmp_path / "opa")
    assert refused.status == 1
    assert refused.err.startswith("Error: ")
    assert "Traceback" not in refused.err
