"""The decision input is a pure function of the entries, and of the published shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.core.chain import Chain, gathered, intended, resolved, verified

from runbook_gate import resources
from runbook_gate.canonical import gate_bytes
from runbook_gate.core.decision_input import decision_input
from runbook_gate.core.history import History

GOLDEN = Path(__file__).with_name("golden")
RETRIED = resolved().decide("cp2 retry gather cp1", codes=("retry_eligibility.conflict",)).observe("gather")
VERIFYING = verified().decide("cp3 wait verify cp3", until_ms=7).observe("verify")
ASKED: dict[str, tuple[Chain, str]] = {
    "opened": (Chain(), "cp0"),
    "gathered": (gathered(), "cp1"),
    "written": (resolved(), "cp2"),
    "interrupted": (intended().observe("resolve_write"), "cp2"),
    "retried": (RETRIED, "cp1"),
    "verifying": (VERIFYING, "cp3"),
    "repinned": (gathered().repin(), "cp0"),
}


def asked(chain: Chain, checkpoint: str = "cp1", step: str = "restore") -> dict[str, Any]:
    return decision_input(chain.history, checkpoint, step)


def seqs(blocks: list[dict[str, Any]]) -> list[int]:
    return [block["seq"] for block in blocks]


@pytest.mark.parametrize("name", ASKED)
def test_the_input_is_of_the_published_shape(name: str) -> None:
    chain, checkpoint = ASKED[name]
    validator = Draft202012Validator(resources.schema("decision_input"))
    assert [fault.json_path for fault in validator.iter_errors(asked(chain, checkpoint))] == []


def test_the_input_is_that_of_yesterday() -> None:
    """A difference here is one that recorded inputs feel: change the file only with the schema's version."""
    golden = json.loads((GOLDEN / "retried_cp1.json").read_text(encoding="utf-8"))
    assert asked(RETRIED) == golden


@pytest.mark.parametrize("name", ASKED)
def test_equal_entries_give_equal_bytes(name: str) -> None:
    chain, checkpoint = ASKED[name]
    again = History(tuple(entry.model_validate(entry.model_dump()) for entry in chain.entries))
    assert gate_bytes(decision_input(again, checkpoint, "restore")) == gate_bytes(asked(chain, checkpoint))


def test_building_the_input_leaves_the_entries_as_they_are() -> None:
    before = [entry.model_dump() for entry in VERIFYING.entries]
    asked(VERIFYING, "cp3")
    assert [entry.model_dump() for entry in VERIFYING.entries] == before


def test_its_clock_and_head_are_those_of_the_newest_entry() -> None:
    chain = gathered().no_decision("cp1")
    document = asked(chain)
    assert (document["ledger_head"], document["now_ms"]) == (chain.newest.sha256, chain.newest.at_ms)
    assert document["newest"] == {
        name: getattr(chain.newest, name) for name in ("seq", "at_ms", "boottime_ms", "boot_id", "lease")
    }


def test_of_a_reading_effect_the_newest_observation_of_the_step_counts() -> None:
    chain = gathered().decide("cp1 wait gather cp1", until_ms=1).observe("gather").observe("gather", step="other")
    newest = asked(chain)["observed"]
    assert newest["gather"]["seq"] == 5
    assert newest["resolve_write"] is None
    assert newest.keys() == {"gather", "resolve_write"}


def test_a_step_sees_nothing_of_the_others() -> None:
    chain = verified()
    document = asked(chain, step="other")
    assert (document["step"], document["attempts"], document["rounds"]) == ("other", [], [])
    assert set(document["observed"].values()) == {None}
    assert [entry["body"]["step"] for entry in document["lineage"]] == ["restore"] * 3


def test_rounds_are_those_since_the_last_cp2_decision() -> None:
    chain = verified()
    first = chain.newest.seq
    chain.decide("cp3 wait verify cp3", until_ms=1).observe("verify")
    assert seqs(asked(chain, "cp3")["rounds"]) == [first, first + 2]
    chain.decide("cp2 proceed verify cp3")
    assert asked(chain, "cp3")["rounds"] == []
    chain.observe("verify")
    assert seqs(asked(chain, "cp3")["rounds"]) == [chain.newest.seq]


def test_a_cp2_decision_of_another_step_ends_no_rounds() -> None:
    chain = verified()
    first = chain.newest.seq
    chain.decide("cp2 proceed verify cp3", step="other").observe("verify", step="other")
    assert seqs(asked(chain, "cp3")["rounds"]) == [first]


def test_rounds_of_several_effects_stand_in_the_order_of_the_ledger() -> None:
    effects = {"verify": "round", "probe_storage": "round"}
    chain = Chain(steps=["restore"], effects=effects).observe("verify")
    chain.observe("verify", effect="probe_storage").observe("verify")
    assert seqs(asked(chain, "cp3")["rounds"]) == [2, 3, 4]


def test_attempts_carry_their_own_observation_or_none() -> None:
    chain = resolved().decide("cp2 retry gather cp1").observe("gather").decide("cp1 proceed patch_labels cp2").intend(2)
    first, second = asked(chain, "cp2")["attempts"]
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert first["observation"]["body"]["intent"] == first["intent"]["sha256"]
    assert (second["intent"]["sha256"], second["observation"]) == (chain.newest.sha256, None)


def test_what_brought_no_decision_is_not_in_it() -> None:
    chain, silent = gathered(), gathered().no_decision("cp1")
    with_it, without = asked(silent), asked(chain)
    moved = {"ledger_head", "now_ms", "newest"}
    assert {key: value for key, value in with_it.items() if key not in moved} == {
        key: value for key, value in without.items() if key not in moved
    }


def test_what_stands_before_a_new_pin_is_not_in_it() -> None:
    document = asked(gathered().repin(), "cp0")
    assert (document["lineage"], set(document["observed"].values())) == ([], {None})
    assert document["opened"]["seq"] == 1


def test_the_lineage_names_what_each_decision_led_to() -> None:
    (decided,) = asked(Chain().decide("cp0 proceed gather cp1", codes=("a.b",)))["lineage"]
    assert decided["body"] == {
        "step": "restore",
        "checkpoint": "cp0",
        "verdict": "proceed",
        "action": "gather",
        "next_checkpoint": "cp1",
        "codes": ["a.b"],
    }


def test_a_runbook_without_effects_can_be_asked_about() -> None:
    chain = Chain(steps=["unknown"], effects={})
    assert asked(chain, "cp0", "unknown")["observed"] == {}
