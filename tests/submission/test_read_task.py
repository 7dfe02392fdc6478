"""Reading a task file. The command line with every kind of mistake is in tests/scenarios/test_refused_at_once.py."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runbook_gate.demo.stage import Target
from runbook_gate.errors import InvalidDocument
from runbook_gate.expectations import EXPECTED, expectation, field
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.task import TaskDocument
from runbook_gate.submission import assurance_of, read_task
from runbook_gate.timestamps import rfc3339_ms

GOOD = Target("payments-prod", "a-uid", "a-cluster-uid").task("task-1")
SECRET = "hunter2-is-my-password"


def written(folder: Path, document: Any) -> Path:
    path = folder / "task.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_a_good_task(tmp_path: Path) -> None:
    task = read_task(written(tmp_path, GOOD))
    assert task.prequalification.until_ms == rfc3339_ms(GOOD["prequalification"]["until"])
    assert task.labels == GOOD["labels"]


def test_an_approval_is_claimed_by_a_listed_prequalifier_only(tmp_path: Path) -> None:
    task = read_task(written(tmp_path, GOOD))
    listing = [["platform-governance"], ["somebody-else"], [], "platform-governance", None]
    policies = [Bundle(b"", {}, None, {"parties": {"prequalifiers": listed}}) for listed in listing]
    assert [assurance_of(task, policy) for policy in policies] == ["claimed", "none", "none", "none", "none"]
    assert assurance_of(task, None) == "claimed"


def test_a_label_key_is_one_of_kubernetes(tmp_path: Path) -> None:
    for odd in ("équipe", "a b", "", "/x"):
        assert ": labels" in message(written(tmp_path, {**GOOD, "labels": {odd: "x"}}))


def test_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    path.write_text(TaskDocument.model_validate(read_task(written(tmp_path, GOOD))).model_dump_json())
    assert read_task(path) == read_task(tmp_path / "task.yaml")


def test_the_end_of_the_approval_is_said_once(tmp_path: Path) -> None:
    twice = {**GOOD, "prequalification": {**GOOD["prequalification"], "until_ms": 1}}
    with pytest.raises(InvalidDocument, match="must have either until or until_ms"):
        read_task(written(tmp_path, twice))


@pytest.mark.parametrize("until", [SECRET, "2026-07-01", 5, None, "2026-13-01T00:00:00Z", ["x"]], ids=str)
def test_the_end_of_the_approval_is_a_moment(tmp_path: Path, until: object) -> None:
    wrong = {**GOOD, "prequalification": {**GOOD["prequalification"], "until": until}}
    with pytest.raises(InvalidDocument, match=r'until must be RFC 3339 in quotes, such as "2026') as caught:
        read_task(written(tmp_path, wrong))
    assert SECRET not in str(caught.value)


def places(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place in a document where something can be put."""
    for key, below in value.items():
        yield (*at, key)
        if isinstance(below, dict):
            yield from places(below, (*at, key))


WRONG = [SECRET, SECRET * 100, "", 7, -7, True, None, [], [SECRET], {}, {SECRET: SECRET}, {"unknown": 1}, "\x1b[2J"]


@pytest.mark.parametrize("place", list(places(GOOD)), ids=".".join)
def test_whatever_stands_in_a_place_is_never_in_the_message(tmp_path: Path, place: tuple[str, ...]) -> None:
    for value in WRONG:
        document = copy.deepcopy(GOOD)
        parent = document
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = value
        told = message(written(tmp_path, document))
        lines = told.splitlines()
        assert all(line.startswith(f"{tmp_path / 'task.yaml'}: {place[0]}") for line in lines), lines
        assert "\x1b" not in told
        assert "as its schema says" not in told
        assert SECRET not in told.replace(f".{SECRET} is not known here", "")


def message(path: Path) -> str:
    """Why a task is refused; empty if it is not."""
    try:
        read_task(path)
    except InvalidDocument as fault:
        return str(fault)
    return ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(sorted(GOOD)), below, max_size=6),
        max_leaves=8,
    )
)
def test_every_error_of_the_model_has_words_of_its_own(document: Any) -> None:
    try:
        TaskDocument.model_validate(document)
    except ValidationError as fault:
        for error in fault.errors():
            assert error["type"] in EXPECTED, error["type"]
            assert "{" not in expectation(error).replace("{0,", "").replace("{1,", "")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (("drift", "labels", "pod-security.kubernetes.io/enforce"), "drift.labels.pod-security.kubernetes.io/enforce"),
        (("labels", "two words", "[key]"), "labels.(a key)"),
        (("labels", "x" * 200), "labels.(a key)"),
        (("endpoints", 0, "url"), "endpoints.0.url"),
        ((), ""),
    ],
)
def test_only_plain_keys_are_repeated(location: tuple[int | str, ...], shown: str) -> None:
    assert field(location) == shown
