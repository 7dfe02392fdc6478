"""Pins the runbook revisions that are not pinned yet (`make release`).

A pin that is there is never changed: a released revision never changes, an edit is a new revision.
"""

from __future__ import annotations

import sys
from pathlib import Path

from runbook_gate.binaries import find_tool
from runbook_gate.gate.build import build
from runbook_gate.policy.releases import complaints, line, read
from runbook_gate.policy.runbooks import revisions

PROJECT = Path(__file__).resolve().parents[1]
RELEASED = PROJECT / "policies" / "runbooks" / "released.txt"


def main() -> int:
    """Add what is missing.

    Returns:
        0, or 1 if a released revision was edited or is gone.
    """
    known = revisions(build(PROJECT / "policies", opa=find_tool("opa")))
    text = RELEASED.read_text(encoding="utf-8")
    new = [name for name in known if name not in read(text)]
    RELEASED.write_text(text + "".join(f"{line(name, known[name])}\n" for name in new), encoding="utf-8")
    sys.stdout.write("".join(f"released: {name}\n" for name in new))
    wrong = complaints(read(RELEASED.read_text(encoding="utf-8")), known)
    sys.stderr.write("".join(f"error: {complaint}\n" for complaint in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
