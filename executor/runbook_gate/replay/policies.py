"""The recorded policies: from the evidence, checked, each served by a sidecar for as long as it is needed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Final

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import InvalidDocument, SidecarFault
from runbook_gate.gate.build import check_capabilities
from runbook_gate.gate.bundle import Bundle
from runbook_gate.replay.outcomes import Obstacle
from runbook_gate.replay.records import Policy, Records
from runbook_gate.replay.sidecars import ReplaySidecar

_SERVED_AT_ONCE: Final = 3

# Why a recorded policy cannot decide again: the obstacle, and what is told of it.
Unserved = tuple[Obstacle, str]


class Policies:
    """Serves recorded policies. For one thread; the sidecars may be used by several.

    Args:
        records: where the bundles are.
        opa: the opa binary.
    """

    def __init__(self, records: Records, opa: Path) -> None:
        self._records, self._opa = records, opa
        self._served: dict[Policy, ReplaySidecar] = {}
        self._unserved: dict[Policy, Unserved] = {}

    def serve(self, policy: Policy) -> ReplaySidecar | Unserved:
        """The sidecar of a recorded policy, started at its first use, or why there is none."""
        key = Policy(policy.content_sha256, policy.bundle_sha256, "", None)
        if key in self._unserved:
            return self._unserved[key]
        if key not in self._served:
            found = self._start(key)
            if isinstance(found, tuple):
                self._unserved[key] = found
                return found
            self._served[key] = found
        sidecar = self._served[key] = self._served.pop(key)
        return sidecar

    def spare(self, used: Collection[ReplaySidecar]) -> None:
        """Stop those that were not used for the longest time, but none that is in use."""
        for key, sidecar in list(self._served.items())[: -_SERVED_AT_ONCE or None]:
            if sidecar not in used:
                del self._served[key]
                sidecar.close()

    def _start(self, policy: Policy) -> ReplaySidecar | Unserved:
        raw = self._records.evidence([policy.bundle_sha256]).get(policy.bundle_sha256)
        bundle = _recorded(policy, raw)
        if isinstance(bundle, tuple):
            return bundle
        try:
            check_capabilities(bundle, opa=self._opa)
            return ReplaySidecar(self._opa, bundle)
        except InvalidDocument as fault:
            return "bundle_refused", str(fault)
        except SidecarFault as fault:
            return "bundle_unusable", str(fault)

    def close(self) -> None:
        """Stop them all."""
        for sidecar in self._served.values():
            sidecar.close()
        self._served.clear()

    def __enter__(self) -> Policies:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _recorded(policy: Policy, raw: bytes | None) -> Bundle | Unserved:
    """The bundle that the record names, and no other."""
    if raw is None:
        return "bundle_missing", f"bundle {policy.bundle_sha256} is not kept"
    if sha256_hex(raw) != policy.bundle_sha256:
        return "bundle_altered", f"bundle {policy.bundle_sha256} was altered"
    try:
        bundle = Bundle.parse(raw, source=f"bundle {policy.bundle_sha256}")
    except InvalidDocument as fault:
        return "bundle_unusable", str(fault)
    if bundle.content_sha256 != policy.content_sha256:
        return "bundle_differs", f"bundle {policy.bundle_sha256} is not of content {policy.content_sha256}"
    return bundle
