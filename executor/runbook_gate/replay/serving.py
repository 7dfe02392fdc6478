"""The policies that recorded decisions are compared with, served for the time of a replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from runbook_gate.canonical import sha256_hex
from runbook_gate.gate.build import check_capabilities
from runbook_gate.policy.sources import Source
from runbook_gate.replay.chunks import Others
from runbook_gate.replay.sidecars import ReplaySidecar, without_network


@contextmanager
def others(candidate: Source | None, base: Source | None, opa: Path) -> Iterator[Others]:
    """Serve candidate and base, each if there is one.

    Raises:
        InvalidDocument: with OPA's own words, if one uses a built-in outside the allow-list.
        SidecarFault: OPA does not serve one.
    """
    with ExitStack() as stack:
        served: list[ReplaySidecar | None] = []
        for source in (candidate, base):
            if source is not None:
                check_capabilities(source.bundle, opa=opa)
            served.append(stack.enter_context(ReplaySidecar(opa, source.bundle)) if source is not None else None)
        yield Others(*served)


def about(records: str, opa: Path, candidate: Source | None, base: Source | None = None) -> dict[str, Any]:
    """What was replayed and against what, for the report."""
    return {
        "records": records,
        "candidate": _told(candidate),
        "base": _told(base),
        "opa": {
            "sha256": sha256_hex(opa.read_bytes()),
            "network": "none" if without_network() else "not taken away: this system does not allow it",
        },
    }


def _told(source: Source | None) -> Mapping[str, str] | None:
    return None if source is None else {"policies": source.name, "policy_sha256": source.bundle.content_sha256}
