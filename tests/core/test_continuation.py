"""Every state that a ledger can be found in has one continuation (design.md, the loop)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from tests.core import chain as chains
from tests.core.bodies import ROUTING
from tests.core.chain import Chain
from tests.core.states import STATES, table

from runbook_gate.core.continuation import Continuation, GatherAgain, Repeat, Resolve, continuation
from runbook_gate.errors import LedgerBroken
from runbook_gate.models.decision import Verdict


@pytest.mark.parametrize("state", STATES)
def test_a_state_has_one_continuation(state: str) -> None:
    chain, expected = STATES[state]
    assert continuation(chain.history) == expected


def test_the_documented_table_is_this_one() -> None:
    documented = Path("docs/resuming.md").read_text(encoding="utf-8")
    assert table() in documented, "write what `python -m tests.core.states` prints into docs/resuming.md"


def test_every_kind_of_continuation_is_documented() -> None:
    assert {type(onward) for _, onward in STATES.values()} == set(get_args(Continuation))


def go_ons() -> Iterator[str]:
    """Every decision that the fence lets through without an end, as a chain is told it."""
    for checkpoint, actions in ROUTING["actions"].items():
        for verdict, action in product(get_args(Verdict), actions):
            onward = {"gather": ("cp1", "cp4"), "patch_labels": ("cp2",), "resolve_write": ("cp2",), "verify": ("cp3",)}
            if verdict in {"proceed", "wait", "retry"} and action != "finish":
                yield from (f"{checkpoint} {verdict} {action} {name}" for name in onward[action])


@pytest.mark.parametrize("begun", ["gathered", "intended", "resolved", "verified"])
@pytest.mark.parametrize("told", list(go_ons()))
def test_whatever_may_be_decided_has_a_continuation(begun: str, told: str) -> None:
    """From the same few kinds: an intent is resolved first, a write is never repeated, the rest only reads."""
    chain: Chain = getattr(chains, begun)().decide(told)
    checkpoint, _, action, onward = told.split()
    found = continuation(chain.history)
    if begun in {"intended", "resolved"} and checkpoint != "cp2":
        assert found == Resolve()
    elif action == "patch_labels":
        assert isinstance(found, GatherAgain)
    else:
        assert isinstance(found, Repeat)
        assert (found.action, found.checkpoint) == (action, onward)


def test_only_the_decision_of_its_own_step_resolves_an_intent() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp1 proceed patch_labels cp2", step="quota").intend(step="quota")
    chain.decide("cp2 proceed verify cp3", step="rbac")
    assert continuation(chain.history) == Resolve()


def test_a_go_to_write_gathers_for_its_own_step() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp0 proceed gather cp1", step="quota")
    chain.decide("cp3 proceed gather cp1", step="rbac", params={"of": "rbac"})
    chain.decide("cp1 proceed patch_labels cp2", step="rbac")
    assert continuation(chain.history) == GatherAgain({"of": "rbac"})


def test_what_another_step_gathered_does_not_do() -> None:
    chain = Chain(steps=["quota", "rbac"])
    chain.decide("cp0 proceed gather cp1", step="quota").decide("cp1 proceed patch_labels cp2", step="rbac")
    with pytest.raises(LedgerBroken):
        continuation(chain.history)


@pytest.mark.parametrize("told", ["cp1 proceed gather -", "cp1 proceed patch_labels cp2"])
def test_a_ledger_that_the_fence_would_not_have_let_through_is_broken(told: str) -> None:
    with pytest.raises(LedgerBroken):
        continuation(Chain().decide(told).history)
