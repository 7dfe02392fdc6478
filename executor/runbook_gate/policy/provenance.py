"""Where a bundle comes from: told beside it, because in its manifest it would change the digest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.git import work_tree
from runbook_gate.policy.runbooks import revisions

_SHOWN: Final = 5


@dataclass(frozen=True)
class Provenance:
    """Of which commit policies are.

    Attributes:
        commit: None outside of a git repository.
        dirty: whether they differ from it.
    """

    commit: str | None
    dirty: bool


def of(policies: Path, *, allow_dirty: bool) -> Provenance:
    """Find out of which commit a folder is.

    Args:
        policies: the folder.
        allow_dirty: whether it may differ from the commit.

    Raises:
        UsageFault: it differs, and may not.
    """
    tree = work_tree(policies)
    if tree is None:
        return Provenance(None, dirty=False)
    if tree.changed and not allow_dirty:
        more = f" and {len(tree.changed) - _SHOWN} more" if len(tree.changed) > _SHOWN else ""
        raise UsageFault(
            f"{policies} differs from its git commit: {', '.join(tree.changed[:_SHOWN])}{more}.",
            advice="Commit the policies, so that the bundle is of a commit, or build with --allow-dirty.",
        )
    return Provenance(tree.commit, dirty=bool(tree.changed))


def document(bundle: Bundle, provenance: Provenance, *, policies: Path) -> dict[str, Any]:
    """What is told beside a bundle.

    Args:
        bundle: the bundle.
        provenance: of its sources.
        policies: the folder that it was built from.
    """
    return {
        "revision": bundle.content_sha256,
        "bundle_sha256": bundle.bundle_sha256,
        "commit": provenance.commit,
        "dirty": provenance.dirty,
        "signed": ".signatures.json" in bundle.files,
        "capabilities_sha256": sha256_hex((policies / "capabilities.json").read_bytes()),
        "runbooks": list(revisions(bundle)),
    }
