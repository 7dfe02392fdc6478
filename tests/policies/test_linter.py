"""The project's own lint rules see what they are for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runbook_gate.binaries import find_tool

ROOT = Path(__file__).resolve().parents[2]
GOOD = """# METADATA
# title: Sample
package checks.sample

import future.keywords.not

import data.facts.denial

# METADATA
# title: Something is missing
# custom:
#   code: sample.missing
#   solution: Add it.
deny contains denial.of(rego.metadata.rule(), {}) if not input.run_id
"""
SECOND = """
# METADATA
# title: Something else is missing
# custom:
#   code: sample.missing
#   solution: Add it.
deny contains denial.of(rego.metadata.rule(), {}) if not input.step
"""


def _violations(tmp_path: Path, text: str) -> set[str]:
    shutil.copytree(ROOT / ".regal", tmp_path / ".regal")
    folder = tmp_path / "policies" / "checks" / "sample"
    folder.mkdir(parents=True)
    (folder / "sample.rego").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(find_tool("regal")), "lint", "--format", "json", "policies"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return {one["title"] for one in json.loads(done.stdout)["violations"]} & {"denials", "negation"}


def test_a_good_check_is_clean(tmp_path: Path) -> None:
    assert _violations(tmp_path, GOOD) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD.replace("import future.keywords.not\n\n", ""), "negation"),
        (GOOD.replace("#   solution: Add it.\n", ""), "denials"),
        (GOOD.replace("# title: Something is missing\n", ""), "denials"),
        (GOOD.replace("#   code: sample.missing\n", ""), "denials"),
        (GOOD.replace("code: sample.", "code: other."), "denials"),
        (GOOD.replace("code: sample.missing", "code: sample.Missing"), "denials"),
        (GOOD.replace("denial.of(rego.metadata.rule(), {})", '{"code": "sample.missing"}'), "denials"),
        (GOOD + SECOND, "denials"),
    ],
    ids=["no import", "no solution", "no title", "no code", "of another check", "odd code", "by hand", "twice"],
)
def test_a_careless_check_is_not(tmp_path: Path, text: str, rule: str) -> None:
    assert _violations(tmp_path, text) == {rule}
