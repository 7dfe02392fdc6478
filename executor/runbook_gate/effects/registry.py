"""Every effect by the action it carries out."""

from __future__ import annotations

from typing import Any, Final

from runbook_gate.effects.gather import Gather
from runbook_gate.effects.patch_labels import PatchLabels
from runbook_gate.effects.protocol import Effect
from runbook_gate.effects.resolve_write import ResolveWrite
from runbook_gate.effects.verify import Verify

EFFECTS: Final[dict[str, Effect[Any, Any]]] = {
    effect.name: effect for effect in (Gather(), PatchLabels(), ResolveWrite(), Verify())
}
