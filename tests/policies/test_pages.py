"""Pages that are made from the policies are those in docs/, and say what they are to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.policies.decision_cases import ROOT, load

from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.catalog import Catalog, catalog
from runbook_gate.policy.pages import pages
from runbook_gate.policy.runbooks import revisions

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def made(bundle: Bundle, opa_binary: Path) -> dict[str, str]:
    return pages(bundle, load(), opa=opa_binary)


@pytest.fixture(scope="module")
def known(bundle: Bundle, opa_binary: Path) -> Catalog:
    return catalog(bundle, opa=opa_binary)


def test_the_pages_in_docs_are_those_of_the_policies(made: dict[str, str]) -> None:
    there = [DOCS / "denials.md", *(DOCS / "runbooks").glob("*.md")]
    found = {str(page.relative_to(DOCS)): page.read_text(encoding="utf-8") for page in there}
    assert {path for path in found.keys() | made.keys() if found.get(path) != made.get(path)} == set(), (
        "run `make docs`"
    )


def test_every_code_has_a_part_of_its_own(made: dict[str, str], known: Catalog) -> None:
    page = made["denials.md"]
    assert re.findall(r"^### (.+)$", page, re.MULTILINE) == [
        *(code.code for check in sorted(known.checks) for code in known.codes_of(check)),
        *(code.code for code in known.codes_of("gate")),
    ]
    for code in known.codes.values():
        part = page.partition(f"### {code.code}\n")[2].partition("\n### ")[0]
        assert f"**{code.title}.**" in part
        assert f"> {code.solution}" in part
        assert f"Rule in [{code.file}]" in part
        assert code.check == "gate" or re.search(r"^- MKS-PSA-Label-Restore-v3: (final|wait|retry)", part, re.MULTILINE)


def test_a_code_says_how_each_runbook_answers_it(made: dict[str, str]) -> None:
    part = made["denials.md"].partition("### retry_eligibility.conflict\n")[2].partition("\n### ")[0]
    assert "- MKS-PSA-Label-Restore-v1: final.\n" in part
    assert "- MKS-PSA-Label-Restore-v3: retry.\n" in part


def test_links_lead_somewhere(made: dict[str, str]) -> None:
    for path, text in made.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert (DOCS / path).parent.joinpath(link).exists(), f"{path}: {link}"


def test_each_revision_has_a_table_and_a_diagram_of_its_checkpoints(made: dict[str, str], bundle: Bundle) -> None:
    for name, data in revisions(bundle).items():
        page = made[f"runbooks/{name}.md"]
        diagram = page.partition("```mermaid\n")[2].partition("```")[0]
        for checkpoint, table in data["checkpoints"]["restore"].items():
            assert re.search(rf"^\| {checkpoint} \w+ \| .*{', '.join(table['checks'])}", page, re.MULTILINE)
            for verdict, candidates in table["next"].items():
                for one in candidates:
                    to = f"restore_{one['checkpoint']}" if one["checkpoint"] else "completed"
                    assert f"restore_{checkpoint} -->|{verdict}: {one['action']}| {to}\n" in diagram
