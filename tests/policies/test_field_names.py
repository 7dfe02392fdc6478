"""A misspelt field does not compile; where the compiler has no type, it is found here.

The compiler knows the fields of `input` and of the runbook where a reference begins with them. A field of a function's
argument, of an element and in a path that is looked up has to be one that some schema knows.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.policies.annotations import annotated
from tests.policies.decision_cases import ROOT
from tests.policies.field_names import Schema, Used, keys, used

from runbook_gate.binaries import find_tool

INPUT, RUNBOOK = (Schema(ROOT / "schemas" / f"{name}.json") for name in ("decision_input", "runbook"))
# What the sidecar is asked is no decision input; annotations have their own fields.
ELSEWHERE = {"policies/system/authz/authz.rego", "policies/facts/denial/denial.rego"}
WRITTEN = {"data.runbooks"}  # how a denial writes where a value of the runbook stands
TOP = {"attempts", "checkpoint", "lineage", "newest", "now_ms", "observed", "opened", "rounds", "run_id", "step"}


def files(root: Path = ROOT) -> list[str]:
    """The Rego files that judge a decision input."""
    found = (str(file.relative_to(root)) for file in sorted((root / "policies").rglob("*.rego")))
    return [file for file in found if file not in ELSEWHERE]


@functools.cache
def known() -> set[str]:
    """Every name that some schema or document has, or a policy makes itself."""
    parties = yaml.safe_load((ROOT / "policies/parties/data.yaml").read_text(encoding="utf-8"))
    own = [keys(ROOT, file, find_tool("opa")) for file in files()]
    return INPUT.names() | RUNBOOK.names() | set(_inner(parties)) | set().union(*own) | WRITTEN


def unknown(root: Path, file: str) -> list[Used]:
    """What a file uses that there is not."""
    return [one for one in used(root, file, find_tool("opa")) if not _there(one)]


def _there(one: Used) -> bool:
    if one.from_input and one.names[0] in TOP:
        return INPUT.knows(one.names) or RUNBOOK.knows(one.names)
    return all(name in known() or name == "*" for name in one.names)


def _inner(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        yield from document
        for value in document.values():
            yield from _inner(value)


def test_every_field_that_is_used_is_known() -> None:
    found = {file: unknown(ROOT, file) for file in files()}
    assert {file: wrong for file, wrong in found.items() if wrong} == {}
    assert sum(len(used(ROOT, file, find_tool("opa"))) for file in files()) > 500


def test_every_fact_that_a_check_reads_is_known() -> None:
    reads = [
        tuple(read.split(".")) for one in annotated() for read in one.annotations.get("custom", {}).get("reads", [])
    ]
    assert [read for read in reads if not INPUT.knows(read)] == []
    assert len(reads) > 50


MISSPELT = {
    "a field of an argument": ("facts/namespaces/namespaces.rego", "read.object.phase", "read.object.phasee"),
    "a step of a path": (
        "checks/dry_run_agreement/dry_run_agreement.rego",
        '"body", "dry_run"]',
        '"body", "dry_runn"]',
    ),
    "a path that leads elsewhere": ("checks/cluster_identity/clocks.rego", '"gather", "at_ms"', '"gather", "phase"'),
    "a field of an element": ("checks/waiver_absence/waiver_absence.rego", "waiver.status in", "waiver.statuss in"),
    "a field of what was looked up": ("checks/target_clear/target_clear.rego", "_ledger.paused", "_ledger.pausedd"),
    "a field that a denial tells": ("checks/target_clear/target_clear.rego", '["escalations"]', '["escalationss"]'),
    "a field that is looked up": ("facts/audit/audit.rego", 'event, "username"', 'event, "usernamee"'),
    "an overlay": ("facts/manifests/manifests.rego", '"clusters", given', '"clusterss", given'),
}


@pytest.mark.parametrize(("file", "right", "wrong"), MISSPELT.values(), ids=MISSPELT)
def test_a_misspelt_field_is_found(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    misspelt(tmp_path, file, right, wrong)
    assert len(unknown(tmp_path, f"policies/{file}")) > 0


UNCOMPILABLE = {
    "of the input": ("gate/gate.rego", "input.checkpoint", "input.checkpointt"),
    "of the task": ("facts/registers/registers.rego", "given.task.cluster_id", "given.task.cluster_idd"),
    "of the runbook": ("checks/task_contract/task_contract.rego", "runbook.retry_budget\n", "runbook.retry_budgett\n"),
    "of a limit": ("checks/verification_reconciliation/window.rego", "limits_ms.window", "limits_ms.windoww"),
    "of the runbook in an action": ("actions/gather/gather.rego", "runbook.sources", "runbook.sourcess"),
}


@pytest.mark.parametrize(("file", "right", "wrong"), UNCOMPILABLE.values(), ids=UNCOMPILABLE)
def test_a_misspelt_field_does_not_compile(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    misspelt(tmp_path, file, right, wrong)
    command = [str(find_tool("opa")), "check", "--strict", "--schema", str(ROOT / "schemas"), "--bundle", "policies"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert re.search(r"rego_type_error: undefined ref", done.stderr)


def misspelt(root: Path, file: str, right: str, wrong: str) -> None:
    """A copy of the policies with a misspelt name."""
    shutil.copytree(ROOT / "policies", root / "policies")
    place = root / "policies" / file
    text = place.read_text(encoding="utf-8")
    assert right in text
    place.write_text(text.replace(right, wrong), encoding="utf-8")
