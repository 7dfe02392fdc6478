"""How a probe came back: pointers and counts, no values."""

from __future__ import annotations

from typing import Any

import pytest

from runbook_gate.cluster.difference import additions, differing_pointers

SENT: dict[str, Any] = {
    "metadata": {"labels": {"a/b~c": "x"}},
    "spec": {"hostNetwork": True, "volumes": [{"name": "v", "hostPath": {"path": "/"}}], "empty": {}},
}
CASES: dict[str, tuple[dict[str, Any], list[str], int]] = {
    "as sent": (SENT, [], 0),
    "with defaults": ({**SENT, "status": {"phase": "Pending"}, "kind": "Pod"}, [], 2),
    "a value stripped": (
        {**SENT, "spec": {key: value for key, value in SENT["spec"].items() if key != "hostNetwork"}},
        ["/spec/hostNetwork"],
        0,
    ),
    "a value changed": ({**SENT, "metadata": {"labels": {"a/b~c": "y"}}}, ["/metadata/labels/a~1b~0c"], 0),
    "a list emptied": (
        {**SENT, "spec": {**SENT["spec"], "volumes": []}},
        ["/spec/volumes/0/name", "/spec/volumes/0/hostPath/path"],
        1,
    ),
    "an item added": ({**SENT, "spec": {**SENT["spec"], "volumes": [*SENT["spec"]["volumes"], {"name": "w"}]}}, [], 1),
    "a value in place of an object": (
        {**SENT, "metadata": "x"},
        ["/metadata/labels/a~1b~0c"],
        1,
    ),
}


def test_a_deep_answer_is_not_followed_to_its_end() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = {"a": deep}
    assert (differing_pointers(SENT, deep)[:1], additions(SENT, deep)) == (["/metadata/labels/a~1b~0c"], 1)


@pytest.mark.parametrize("case", CASES)
def test_difference(case: str) -> None:
    returned, pointers, added = CASES[case]
    assert differing_pointers(SENT, returned) == pointers
    assert additions(SENT, returned) == added
