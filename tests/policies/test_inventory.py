"""What policies hold, and how two of them differ: runbooks, parties, checks, codes, rules and built-ins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.policies.decision_cases import ROOT
from tests.policies.repositories import edit

from runbook_gate import resources
from runbook_gate.cli.comparing import compared
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.inventory import compare, inspect
from runbook_gate.policy.sources import Source, load

# These say only what a package is about.
_WITHOUT_RULES = {f"policies/{name}/{name}.rego" for name in ("actions", "checks", "facts")}


def test_what_policies_hold_is_listed(bundle: Bundle, opa_binary: Path) -> None:
    told = inspect(Source("these", bundle), opa=opa_binary)
    assert told["policy_sha256"] == bundle.content_sha256
    assert [one["runbook"][-2:] for one in told["runbooks"]] == ["v1", "v2", "v3"]
    folders = {folder.name for folder in (resources.policies() / "checks").iterdir() if folder.is_dir()}
    assert {one["name"] for one in told["checks"]} == folders
    assert {one["check"] for one in told["codes"]} == {*folders, "gate"}
    assert all(one["title"] and one["solution"] for one in told["codes"])
    files = {f"policies/{path.relative_to(resources.policies())}" for path in resources.policies().rglob("*.rego")}
    assert set(told["files"]) == files
    assert {one["file"] for one in told["rules"]} == files - _WITHOUT_RULES
    [fresh] = [one for one in told["rules"] if one["rule"] == "data.facts.registers.fresh/1"]
    assert (ROOT / fresh["file"]).read_text(encoding="utf-8").splitlines()[fresh["line"] - 1].startswith("fresh(")
    assert len([one for one in told["rules"] if one["rule"] == "data.checks.waiver_absence.deny"]) > 1


def test_the_same_policies_do_not_differ(bundle: Bundle, opa_binary: Path) -> None:
    told = compare(Source("a", bundle), Source("b", bundle), opa=opa_binary)
    assert told["same"] is True
    assert told["parties"] == []
    for kind in ("runbooks", "checks", "codes", "rules", "files"):
        assert {how: len(found) for how, found in told[kind].items()} == {"added": 0, "removed": 0, "changed": 0}


def test_every_kind_of_difference_is_told(repository: Path, bundle: Bundle, opa_binary: Path) -> None:
    check = "checks/waiver_absence/waiver_absence.rego"
    edit(repository, check, "# title: Waiver absence", "# title: No waiver")
    edit(repository, check, "waiver_absence.open_waiver", "waiver_absence.waiver_open")
    edit(repository, "gate/deny.rego", "Add the checkpoint and its checks to a new revision", "Add it to a revision")
    edit(repository, "runbooks/MKS-PSA-Label-Restore-v3/data.yaml", "retry_budget: 2", "retry_budget: 3")
    edit(repository, "parties/data.yaml", "prequalifiers: [platform-governance]", "prequalifiers: [release-board]")
    shutil.move(
        repository / "policies/runbooks/MKS-PSA-Label-Restore-v1",
        repository / "policies/runbooks/MKS-PSA-Label-Restore-v9",
    )
    told = compare(load("git:main", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert told["same"] is False
    assert told["runbooks"] == {
        "added": ["MKS-PSA-Label-Restore-v9"],
        "removed": ["MKS-PSA-Label-Restore-v1"],
        "changed": {
            "MKS-PSA-Label-Restore-v3": [
                {"path": "retry_budget", "old": 2, "new": 3, "words": "write attempts of each step, in all: 2 -> 3"}
            ]
        },
    }
    assert [change["words"] for change in told["parties"]] == [
        "who may approve: no longer platform-governance",
        "who may approve: release-board, too",
    ]
    assert [change["words"] for change in told["checks"]["changed"]["waiver_absence"]] == [
        "title: Waiver absence -> No waiver"
    ]
    assert (told["codes"]["added"], told["codes"]["removed"]) == (
        ["waiver_absence.waiver_open"],
        ["waiver_absence.open_waiver"],
    )
    assert list(told["codes"]["changed"]) == ["gate.nothing_to_check"]
    assert list(told["files"]["changed"]) == [f"policies/{check}", "policies/gate/deny.rego"]
    assert {how: len(found) for how, found in told["rules"].items()} == {"added": 0, "removed": 0, "changed": 0}


def test_a_rule_that_does_something_else_is_told_with_both_bodies(repository: Path, opa_binary: Path) -> None:
    edit(
        repository,
        "facts/registers/registers.rego",
        "input.now_ms - as_of <= max_age",
        "input.now_ms - as_of < max_age",
    )
    edit(repository, "gate/deny.rego", "package gate", "# Only a comment.\npackage gate")
    edit(repository, "facts/lookup/lookup.rego", "package facts.lookup", "package facts.lookup\n\nodd(a, b) := a + b")
    told = compare(load("git:main", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert list(told["rules"]["changed"]) == ["data.facts.registers.fresh/1"]
    assert list(told["rules"]["added"]) == ["data.facts.lookup.odd/2"]
    assert told["rules"]["removed"] == {}
    [old], [new] = told["rules"]["changed"]["data.facts.registers.fresh/1"].values()
    assert old["text"].replace("as_of <= max_age", "as_of < max_age") == new["text"]
    assert (old["text"].splitlines()[0], old["text"][-2:]) == ("fresh(register) if {", "\n}")
    lines = list(compared(told))
    assert "changed: only comments or layout of policies/gate/deny.rego" in lines
    assert f"  policies/facts/registers/registers.rego:{new['line']}" in lines
    at = lines.index("  -     input.now_ms - as_of <= max_age")
    assert lines[at + 1] == "  +     input.now_ms - as_of < max_age"


def test_an_import_that_changes_what_a_rule_means_is_told(repository: Path, opa_binary: Path) -> None:
    edit(repository, "facts/rounds/rounds.rego", "import future.keywords.not\n", "")
    told = compare(load("git:main", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert "imports of policies/facts/rounds/rounds.rego" in told["rules"]["changed"]
    assert "  - import future.keywords.not" in list(compared(told))


def test_the_allow_list_of_built_ins_is_compared(repository: Path, opa_binary: Path) -> None:
    file = repository / "policies" / "capabilities.json"
    listed = json.loads(file.read_text(encoding="utf-8"))
    listed["builtins"] = [one for one in listed["builtins"] if one["name"] != "lower"]
    listed["builtins"].append({**listed["builtins"][0], "name": "time.now_ns"})
    [described] = [one for one in listed["builtins"] if one["name"] == "and"]
    described["description"] = "another"
    listed["allow_net"] = ["example.com"]
    listed["features"].append("odd_feature")
    file.write_text(json.dumps(listed), encoding="utf-8")
    told = compare(load("git:main", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert (told["same"], told["old"]["policy_sha256"]) == (False, told["new"]["policy_sha256"])
    assert [row["words"] for row in told["capabilities"]] == [
        "the built-in and is described otherwise",
        "the built-in lower is no longer allowed",
        "the built-in time.now_ns is allowed; it was not",
        "features: odd_feature is added",
        "built-ins may reach example.com; it was no host",
    ]
    shown = "\n".join(compared(told))
    assert "changed: capabilities.json\n  - the built-in and is described otherwise\n" in shown
    assert "They are the same." not in shown


def test_a_bundle_does_not_say_what_it_may_use(repository: Path, bundle: Bundle, opa_binary: Path) -> None:
    (repository / "bundle.tar.gz").write_bytes(bundle.raw)
    told = compare(load("bundle.tar.gz", opa=opa_binary), load("policies", opa=opa_binary), opa=opa_binary)
    assert (told["same"], told["capabilities"]) == (True, None)
    shown = "\n".join(compared(told))
    assert "unknown: the allow-list of built-ins of bundle bundle.tar.gz\nThey are the same." in shown
