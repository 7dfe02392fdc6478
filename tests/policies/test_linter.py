"""The project's own lint rules see what they are for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runbook_gate.binaries import find_tool

ROOT = Path(__file__).resolve().parents[2]
RULES = {folder.name for folder in (ROOT / ".regal/rules/custom/regal/rules/policy").iterdir()}
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


NESTED = """# METADATA
# title: Sample
package checks.sample

# METADATA
# title: Sample
pass if {
	every round in input.rounds { count([server | some server in round.body.servers; not server.first]) == 0 }
}
"""
# The same code in another file of the bundle: of the same package.
ELSEWHERE = GOOD.replace("# title: Sample", "# title: Another sample")


def _violations(tmp_path: Path, text: str, **others: str) -> set[str]:
    shutil.copytree(ROOT / ".regal", tmp_path / ".regal")
    for name, content in {"sample": text, **others}.items():
        folder = tmp_path / "policies" / "checks" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.rego").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [str(find_tool("regal")), "lint", "--format", "json", "policies"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return {one["title"] for one in json.loads(done.stdout)["violations"]} & RULES


def test_the_rules_are_those_that_are_shown_here() -> None:
    assert sorted(RULES) == ["codes", "denials", "negation"]


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
        (NESTED, "negation"),
        (GOOD.replace(" if not input.run_id", " if input.run_id"), "negation"),
    ],
    ids=[
        "no import",
        "no solution",
        "no title",
        "no code",
        "of another check",
        "odd code",
        "by hand",
        "nested",
        "import for nothing",
    ],
)
def test_a_careless_check_is_not(tmp_path: Path, text: str, rule: str) -> None:
    assert _violations(tmp_path, text) == {rule}


OTHER = ELSEWHERE.replace("sample", "elsewhere")


def test_codes_of_their_own_are_clean(tmp_path: Path) -> None:
    assert _violations(tmp_path, GOOD, elsewhere=OTHER) == set()


@pytest.mark.parametrize(("text", "other"), [(GOOD, ELSEWHERE), (GOOD + SECOND, OTHER)], ids=["two files", "one file"])
def test_a_code_belongs_to_one_rule_of_the_whole_bundle(tmp_path: Path, text: str, other: str) -> None:
    assert _violations(tmp_path, text, elsewhere=other) == {"codes"}
