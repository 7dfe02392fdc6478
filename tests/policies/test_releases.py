"""A released runbook revision never changes; an edit is a new revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.policies.decision_cases import ROOT

from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.releases import complaints, line, read
from runbook_gate.policy.runbooks import revisions

PINS = (ROOT / "policies" / "runbooks" / "released.txt").read_text(encoding="utf-8")
V3 = "MKS-PSA-Label-Restore-v3"


@pytest.fixture(scope="module")
def known(bundle: Bundle) -> dict[str, Any]:
    return dict(revisions(bundle))


def test_every_revision_is_as_it_was_released(known: dict[str, Any]) -> None:
    assert complaints(read(PINS), known) == []


@pytest.mark.parametrize("field", ["retry_budget", "limits_ms", "checkpoints", "title"])
def test_an_edit_of_a_released_revision_is_refused(known: dict[str, Any], field: str) -> None:
    [told] = complaints(read(PINS), {**known, V3: {**known[V3], field: None}})
    assert told.startswith(f"{V3} is released, and its data was edited: take the edit back")


def test_a_successor_may_take_its_place(known: dict[str, Any]) -> None:
    superseded = {**known[V3], "status": "superseded", "successor": "MKS-PSA-Label-Restore-v4"}
    assert complaints(read(PINS), {**known, V3: superseded}) == []


def test_a_released_revision_is_not_removed(known: dict[str, Any]) -> None:
    rest = {name: data for name, data in known.items() if name != V3}
    assert complaints(read(PINS), rest) == [f"{V3} is released, and its data is gone: put it back."]


def test_a_new_revision_has_to_be_released(known: dict[str, Any]) -> None:
    fourth = {**known, "MKS-PSA-Label-Restore-v4": {**known[V3], "retry_budget": 3}}
    [told] = complaints(read(PINS), fourth)
    assert told == "MKS-PSA-Label-Restore-v4 is not released: run `make release` when it is final."
    added = read(PINS + line("MKS-PSA-Label-Restore-v4", fourth["MKS-PSA-Label-Restore-v4"]))
    assert complaints(added, fourth) == []


@pytest.mark.parametrize("text", ["no digest", f"{'0' * 64}  a\n{'1' * 64}  a\n"])
def test_pins_that_are_none(text: str) -> None:
    with pytest.raises(InvalidDocument):
        read(text)


def test_pins_are_no_part_of_the_bundle(bundle: Bundle) -> None:
    assert not any(Path(path).name == "released.txt" for path in bundle.files)
