"""`policy archive`: every bundle that took a decision is kept, and a file can be added."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Call
from tests.cli.test_ledger_verify import tamper
from tests.fakes.runs import LittleWorld
from tests.scenarios.bundles import edited, unchecked

from runbook_gate.gate.bundle import Bundle

READING = {"gate/gate.rego": [('"schema": 1,', '"schema": count(opa.runtime()) * 0 + 1,')]}


def test_the_bundle_of_every_run_is_there(call: Call, completed: LittleWorld, bundle: Bundle, tmp_path: Path) -> None:
    [one] = call("policy", "archive", "list", "-o", "json").document
    assert (one["bundle_sha256"], one["content_sha256"]) == (bundle.bundle_sha256, bundle.content_sha256)
    assert (one["decisions"], one["runs"], one["state"], one["added_by"]) == (6, 1, "kept", None)
    for digits in (bundle.content_sha256, bundle.bundle_sha256, bundle.content_sha256[:8]):
        assert call("policy", "archive", "get", digits, "--out", "again.tar.gz").status == 0
        assert (tmp_path / "again.tar.gz").read_bytes() == bundle.raw
    assert bundle.content_sha256[:16] in call("policy", "archive", "list").out


def test_what_is_lost_or_altered_is_said(call: Call, completed: LittleWorld, bundle: Bundle) -> None:
    tamper(completed, f"UPDATE evidence SET data = x'00' WHERE sha256 = '{bundle.bundle_sha256}'")
    assert call("policy", "archive", "list", "-o", "json").document[0]["state"] == "altered"
    assert call("policy", "archive", "get", bundle.bundle_sha256).status == 13
    tamper(completed, f"DELETE FROM evidence WHERE sha256 = '{bundle.bundle_sha256}'")
    assert call("policy", "archive", "list", "-o", "json").document[0]["state"] == "missing"
    assert "policy archive add" in call("policy", "archive", "get", bundle.bundle_sha256).err


def test_a_file_is_added_once_with_its_actor(call: Call, completed: LittleWorld, opa_binary: Path) -> None:
    owner = [("prequalifiers: [platform-governance]", "prequalifiers: [release-board]")]
    other = edited(completed.folder / "other", opa_binary, {"parties/data.yaml": owner})
    (completed.folder / "other.tar.gz").write_bytes(other.raw)
    for _ in range(2):
        assert call("policy", "archive", "add", "other.tar.gz", "--actor", "auditor").status == 0
    added = call("policy", "archive", "list", "-o", "json").document[1]
    assert (added["content_sha256"], added["added_by"], added["decisions"]) == (other.content_sha256, "auditor", 0)
    verified = call("ledger", "verify", "-o", "json").document
    assert (verified["consistent"], verified["chains"][-1]["entries"]) == (True, 2)
    assert call("policy", "archive", "get", "ffffffff").status == 2


def test_a_bundle_that_reads_the_environment_is_not_added(call: Call, completed: LittleWorld, opa_binary: Path) -> None:
    reading = unchecked(completed.folder / "reading", opa_binary, READING)
    (completed.folder / "reading.tar.gz").write_bytes(reading.raw)
    refused = call("policy", "archive", "add", "reading.tar.gz")
    assert (refused.status, "opa.runtime" in refused.err) == (2, True)
    assert len(call("policy", "archive", "list", "-o", "json").document) == 1
