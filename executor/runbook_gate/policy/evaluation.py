"""Asks OPA for a decision and for everything behind it: each check of the checkpoint, each candidate's params.

The sidecar lets nobody ask for more than the decision. `opa eval` with the same bundle is asked here, with the same
strictness.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import BUNDLE, run_opa_on

# Names come as JSON text, because the compiler refuses to iterate over an array that is literally empty.
_QUERY: Final = """{
    "decision": data.gate.decision,
    "passed": {check | some check in json.unmarshal(%(checks)s); data.checks[check].pass},
    "denials": {check: sort(found) | some check in json.unmarshal(%(checks)s); found := data.checks[check].deny},
    "params": {action: found | some action in json.unmarshal(%(actions)s); found := data.actions[action].params}
}"""


@dataclass(frozen=True)
class Evaluation:
    """What the policies say of one input.

    Attributes:
        decision: the gate's answer.
        passed: the checks that pass.
        denials: by check; a check that the bundle lacks is not there.
        params: of each action that has defined ones.
    """

    decision: Mapping[str, Any]
    passed: frozenset[str]
    denials: Mapping[str, Sequence[Mapping[str, Any]]]
    params: Mapping[str, Mapping[str, Any]]


def evaluate(
    bundle: Bundle, document: Mapping[str, Any], *, checks: Sequence[str], actions: Sequence[str], opa: Path
) -> Evaluation:
    """Decide an input.

    Args:
        bundle: the policies.
        document: the decision input.
        checks: those to look into.
        actions: those whose params are wanted.
        opa: the opa binary.

    Raises:
        InvalidDocument: with OPA's own words, if it cannot be evaluated.
        EnvironmentFault: opa cannot be run.
    """
    query = _QUERY % {"checks": _literal(checks), "actions": _literal(actions)}
    arguments = ["eval", "--bundle", BUNDLE, "--stdin-input", "--strict-builtin-errors", "--format", "json", query]
    told = run_opa_on(bundle.raw, arguments, opa=opa, stdin=json.dumps(document).encode())
    found = json.loads(told)["result"][0]["expressions"][0]["value"]
    return Evaluation(found["decision"], frozenset(found["passed"]), found["denials"], found["params"])


def _literal(names: Sequence[str]) -> str:
    """Names as JSON in a string of Rego."""
    return json.dumps(json.dumps(list(names)))
