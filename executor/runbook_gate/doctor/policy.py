"""Is there a bundle, and does the sidecar serve exactly that one?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook_gate.configuration import Settings
from runbook_gate.errors import RunbookGateError
from runbook_gate.gate.bundle import Bundle
from runbook_gate.serving import another_bundle, read_bundle, serving, starts_sidecar, verification_of


def bundle(settings: Settings) -> str:
    """The bundle can be read and uses no built-in outside the allow-list."""
    found = read_bundle(settings)
    active = ", ".join(sorted(_active(found)))
    key = verification_of(settings)
    signed = f"signed by key {key.key_id()[:16]}" if key else "no signature is asked for"
    return f"{settings.bundle}: revision {found.content_sha256[:16]}, {signed}, active: {active or 'no runbook'}"


def sidecar(settings: Settings) -> str:
    """OPA answers with this bundle."""
    expected = read_bundle(settings)
    with serving(settings, expected) as served:
        version, revision = served.gate.revision()
    if revision != expected.content_sha256:
        raise another_bundle()
    how = "started for this check" if starts_sidecar(settings) else "beside the executor"
    return f"OPA {version}, {how}, serves that bundle"


def sources(settings: Settings) -> list[str]:
    """Registers that the active runbooks read; none if there is no usable bundle."""
    if settings.bundle is None:
        return []
    try:
        runbooks = _active(Bundle.read(settings.bundle))
    except RunbookGateError:
        return []
    return list(dict.fromkeys(str(name) for runbook in runbooks.values() for name in runbook.get("sources", [])))


def _active(found: Bundle) -> Mapping[str, Mapping[str, Any]]:
    return {name: data for name, data in found.data.get("runbooks", {}).items() if data.get("status") == "active"}
