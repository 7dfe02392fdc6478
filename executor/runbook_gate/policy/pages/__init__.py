"""Pages of docs/ that are made from the policies (`make docs`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.cases import Case
from runbook_gate.policy.catalog import catalog
from runbook_gate.policy.pages.denials import denials_page
from runbook_gate.policy.pages.runbooks import runbook_page
from runbook_gate.policy.revision import describe
from runbook_gate.policy.runbooks import revisions


def pages(bundle: Bundle, cases: Sequence[Case], *, opa: Path) -> dict[str, str]:
    """Every page that is made from policies.

    Args:
        bundle: the policies.
        cases: their decision cases, which show the facts of each code.
        opa: the opa binary.

    Returns:
        Text by path below docs/.
    """
    known = catalog(bundle, opa=opa)
    found = {"denials.md": denials_page(known, revisions(bundle), cases)}
    return found | {f"runbooks/{name}.md": runbook_page(describe(bundle, name), known) for name in revisions(bundle)}
