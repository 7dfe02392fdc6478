"""What was recorded is given again to the byte, by the OPA that was measured, and under another one as JSON."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.replay.replays import Recording, entries, replayed

from runbook_gate.gate.bundle import Bundle
from runbook_gate.replay.comparison import reproduction
from runbook_gate.replay.deciding import Outcome
from runbook_gate.replay.sidecars import ReplaySidecar


def test_every_recorded_decision_is_given_again_to_the_byte(recorded: Recording, opa_binary: Path) -> None:
    found = replayed(recorded.store, opa_binary)
    assert Counter(one.reproduction for one in found) == {"identical": 3 * 6 + 4 * 2}
    assert [(one.recorded.run, one.recorded.seq) for one in found] == sorted(
        (one.recorded.run, one.recorded.seq) for one in found
    )
    assert [one.checked for one in found] == [True] + [False] * (len(found) - 1)


def test_under_another_binary_it_is_counted_apart(recorded: Recording, opa_binary: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(opa_binary, tmp_path / "opa"))
    with other.open("ab") as file:
        file.write(b"\n")
    found = replayed(recorded.store, other, run=recorded.runs["good-0"])
    assert {one.reproduction for one in found} == {"identical_elsewhere"}


@pytest.mark.parametrize(
    ("again", "same_binary", "wanted"),
    [
        (b'{"a":1,"b":"<"}', True, "identical"),
        (b'{"a":1,"b":"<"}', False, "identical_elsewhere"),
        (b'{"b":"\\u003c","a":1}', False, "equal_elsewhere"),
        (b'{"b":"\\u003c","a":1}', True, "not_reproduced"),
        (b'{"a":true,"b":"<"}', False, "not_reproduced"),
        (b'{"a":1.0,"b":"<"}', False, "not_reproduced"),
        (None, True, "not_reproduced"),
    ],
)
def test_only_the_same_is_the_same(again: bytes | None, same_binary: bool, wanted: str) -> None:
    assert reproduction(b'{"a":1,"b":"<"}', Outcome(again), same_binary=same_binary)[0] == wanted


def test_one_run_or_some_decisions_are_selected(recorded: Recording, opa_binary: Path) -> None:
    def places(**selected: Any) -> list[tuple[str, int]]:
        return [(one.recorded.run, one.recorded.seq) for one in replayed(recorded.store, opa_binary, **selected)]

    run = recorded.runs["good-0"]
    everything = places()
    first = entries(recorded.store, run)[1]
    assert places(run=run) == [place for place in everything if place[0] == run]
    assert len(places(verdicts=frozenset({"escalate"}))) == 4
    assert len(places(codes=frozenset({"waiver_absence.open_waiver"}))) == 3
    assert len(places(checkpoints=frozenset({"cp4"}))) == 3
    assert places(target="good-0") == places(target="mks-us-east-1-prod-03/good-0") == places(run=run)
    assert places(runbook="MKS-PSA-Label-Restore") == places(revision="v3") == places(policy="") == everything
    assert places(revision="v2") == places(runbook="other") == places(policy="0" * 64) == places(target="0") == []
    assert places(since_ms=first["at_ms"], until_ms=first["at_ms"] + 1)[0] == (run, 2)


def test_nothing_of_the_environment_reaches_the_sidecars_of_a_replay(
    bundle: Bundle,
    opa_binary: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for policies")
    with ReplaySidecar(opa_binary, bundle) as sidecar:
        environment = Path(f"/proc/{sidecar.pid}/environ").read_bytes()
    assert environment.split(b"\0") == [b"GOGC=400", b"GOMEMLIMIT=400MiB", b""]
