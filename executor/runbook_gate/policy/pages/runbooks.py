"""docs/runbooks/<revision>.md: one revision, with its checkpoint table and diagram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook_gate.policy.catalog import Catalog
from runbook_gate.policy.pages.diagram import diagram
from runbook_gate.policy.pages.markdown import MADE, table
from runbook_gate.policy.sections import sections


def runbook_page(told: Mapping[str, Any], known: Catalog) -> str:
    """The page.

    Args:
        told: the revision as a document.
        known: the words of checks and codes.
    """
    data, owner = told["data"], told["owner"]
    successor = f"; use {data['successor']}" if data.get("successor") else ""
    lines = [MADE, "", f"# {told['runbook']}", "", f"{data['title']}.", ""]
    lines += [
        f"- Status: {data['status']}{successor}.",
        f"- Owner: {owner.get('name')}, {owner.get('title')}; queue {owner.get('queue')}.",
        f"- Digest of its data: `{told['sha256']}`.",
    ]
    lines += ["", "```mermaid", *diagram(data), "```"]
    for section in sections(told, known):
        lines += ["", f"## {section.title}", "", *table(section.header, section.rows)]
    lines += ["", "What each code means and how to mend it: [denials.md](../denials.md)."]
    return "\n".join(lines) + "\n"
