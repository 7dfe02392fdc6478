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
DYNAMIC = '{"title": "dynamic", "custom": {"code": "other.code"}}'
# Checks that tell of facts, each with what they say of them.
TELLING = """
deny contains denial.of(rego.metadata.rule(), told) if {
	some index, block in input.rounds
	not block.body.sampled
	told := TOLD
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
    assert sorted(RULES) == ["codes", "denials", "facts", "negation"]


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
        (GOOD.replace("rego.metadata.rule()", DYNAMIC), "denials"),
        (GOOD.replace("rego.metadata.rule()", f"object.union(rego.metadata.rule(), {DYNAMIC})"), "denials"),
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
        "a message of its own",
        "another code beside the annotations",
        "nested",
        "import for nothing",
    ],
)
def test_a_careless_check_is_not(tmp_path: Path, text: str, rule: str) -> None:
    assert _violations(tmp_path, text) == {rule}


@pytest.mark.parametrize(
    ("told", "clean"),
    [
        ('lookup.at([["rounds", index, "seq"]])', True),
        ("audit.writers(block)", True),
        ("object.union({}, _known)", True),
        ('{"names": [lookup.field(one.at, "name") | some one in input.attempts]}', True),
        ("audit.writers(block.body.audit)", False),
        ("audit.writers(input.observed.resolve_write.body.audit)", False),
        ("object.union({}, audit.writers(block.body.audit))", False),
        ('object.union({}, {"seq": block.seq + 1})', False),
        ("block.body", False),
        ("input.rounds", False),
        ("object.union({}, _missing)", False),
    ],
)
def test_what_a_denial_tells_is_there_for_every_input(tmp_path: Path, told: str, clean: bool) -> None:
    head = GOOD[: GOOD.rindex("deny")].replace("data.facts.denial\n", "data.facts.denial\nimport data.facts.lookup\n")
    helper = "\n_known := {}\n" if "_missing" not in told else "\n_missing := lookup.value(input.rounds)\n"
    text = f"{head}{TELLING.lstrip().replace('TOLD', told)}{helper}".replace(
        "import data.facts.denial\n", "import data.facts.audit\nimport data.facts.denial\n"
    )
    assert _violations(tmp_path, text) == (set() if clean else {"facts"})


OTHER = ELSEWHERE.replace("sample", "elsewhere")


def test_codes_of_their_own_are_clean(tmp_path: Path) -> None:
    assert _violations(tmp_path, GOOD, elsewhere=OTHER) == set()


@pytest.mark.parametrize(("text", "other"), [(GOOD, ELSEWHERE), (GOOD + SECOND, OTHER)], ids=["two files", "one file"])
def test_a_code_belongs_to_one_rule_of_the_whole_bundle(tmp_path: Path, text: str, other: str) -> None:
    assert _violations(tmp_path, text, elsewhere=other) == {"codes"}
