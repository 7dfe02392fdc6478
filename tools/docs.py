"""Writes the pages of docs/ that are made (`make docs`): denial codes and runbook revisions, and metrics.

`--check` writes nothing and fails if a page differs, lacks or is too many.
"""

from __future__ import annotations

import sys
from pathlib import Path

from runbook_gate.binaries import find_tool
from runbook_gate.gate.build import build
from runbook_gate.metrics.page import page as metrics_page
from runbook_gate.policy.cases import load
from runbook_gate.policy.pages import pages

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"


def main() -> int:
    """Write or check the pages.

    Returns:
        0, or 1 if `--check` found a difference.
    """
    opa = find_tool("opa")
    wanted = pages(build(PROJECT / "policies", opa=opa), load(PROJECT / "fixtures" / "decisions"), opa=opa)
    wanted["metrics.md"] = metrics_page()
    made = [DOCS / "denials.md", DOCS / "metrics.md", *(DOCS / "runbooks").glob("*.md")]
    there = {str(page.relative_to(DOCS)): page.read_text(encoding="utf-8") for page in made if page.exists()}
    wrong = sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
    if "--check" in sys.argv:
        if wrong:
            sys.stderr.write(f"error: {', '.join(wrong)} in docs/ differ from what they are made of: run `make docs`\n")
        return 1 if wrong else 0
    (DOCS / "runbooks").mkdir(exist_ok=True)
    for path in wrong:
        page = DOCS / path
        if path in wanted:
            page.write_text(wanted[path], encoding="utf-8")
        else:
            page.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
