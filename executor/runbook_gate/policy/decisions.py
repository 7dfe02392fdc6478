"""The decisions of many inputs at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import BUNDLE, run_opa_on

# An array, because policies read `input` and each of its elements takes that place in turn.
_QUERY: Final = "[decision | some asked in input; decision := data.gate.decision with input as asked]"


def decide(bundle: Bundle, inputs: Mapping[str, Mapping[str, Any]], *, opa: Path) -> dict[str, dict[str, Any]]:
    """Decide every input.

    Args:
        bundle: the policies.
        inputs: decision inputs by name.
        opa: the opa binary.

    Returns:
        Decisions by name.

    Raises:
        InvalidDocument: with OPA's own words, if one cannot be evaluated.
        EnvironmentFault: opa cannot be run.
    """
    arguments = ["eval", "--bundle", BUNDLE, "--stdin-input", "--strict-builtin-errors", "--format", "values", _QUERY]
    told = run_opa_on(bundle.raw, arguments, opa=opa, stdin=json.dumps(list(inputs.values())).encode())
    [found] = json.loads(told)
    return dict(zip(inputs, found, strict=True))
