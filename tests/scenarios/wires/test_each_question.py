"""Each fault at each question of a run to the sidecar: nothing is done without a decision, and the run goes on later.

The questions, and the moments between them, are those of a run that nothing disturbs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.bundles import edited
from tests.scenarios.theatre import Theatre, assert_completed
from tests.scenarios.wires.company import assert_kept, side_by_side
from tests.scenarios.wires.conftest import Figures, Stage
from tests.scenarios.wires.gate_faults import FAULTS
from tests.scenarios.wires.gate_wire import GateWire, Question
from tests.scenarios.wires.moments import At, Moment, moments

from runbook_gate.configuration import Opa
from runbook_gate.errors import NoDecision, SidecarFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Address
from runbook_gate.gate.sidecar import Sidecar

COMPLETES = ["cp0 proceed", "cp1 proceed", "cp2 proceed", "cp3 proceed", "cp4 complete"]
VERSION = Question("", 1)


@dataclass(frozen=True)
class Straight:
    """What a run asks and tells that nothing disturbs, in order."""

    questions: list[Question]
    moments: list[Moment]


@pytest.fixture(scope="session")
def brisk_sidecar(brisk: dict[str, Any]) -> Address:
    """A healthy OPA with short pauses."""
    return Address(socket=str(brisk["opa"].socket))


@pytest.fixture(scope="session")
def another_sidecar(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A healthy OPA with another bundle: a comment more."""
    changes = {"gate/gate.rego": [("package gate\n", "package gate\n\n# Another bundle.\n")]}
    with Sidecar(opa_binary, edited(tmp_path_factory.mktemp("another"), opa_binary, changes)) as started:
        yield started.address


@contextmanager
def wired(theatre: Theatre, sidecar: Address) -> Iterator[GateWire]:
    """A stand-in in the executor's way to a sidecar."""
    with GateWire.start(sidecar) as wire:
        assert isinstance(wire, GateWire)
        reach(theatre, wire.socket)
        yield wire
        assert wire.failures == []


def reach(theatre: Theatre, socket: Path) -> None:
    """Let the executor ask here, and wait three seconds for an answer."""
    theatre.settings = theatre.settings.model_copy(update={"opa": Opa(socket=socket, timeout_s=3)})


@pytest.fixture(scope="session")
def straight(stage: Stage, brisk_sidecar: Address) -> Straight:
    theatre = stage()
    with wired(theatre, brisk_sidecar) as wire:
        assert_completed(theatre, theatre.run(), writes=1)
    assert wire.came[0] == VERSION
    assert [question.checkpoint for question in wire.came[1:]] == [asked.split()[0] for asked in theatre.asked()]
    return Straight(wire.came, moments(theatre.director.seen))


def assert_stopped(theatre: Theatre, code: str) -> None:
    """Why there is no decision is the last thing on record, and nothing was done after it."""
    with pytest.raises(NoDecision) as refused:
        theatre.run()
    assert (refused.value.code, refused.value.exit_status) == (f"no_decision.{code}", 12)
    history = theatre.history()
    assert (history.newest.kind, history.newest.body["code"]) == ("no_decision", f"no_decision.{code}")
    assert len(theatre.writes()) == sum(entry.kind == "intent" for entry in history.entries)
    assert not theatre.packets()
    assert_kept(theatre, ended=False)


def assert_goes_on(theatre: Theatre) -> None:
    """The run completes as if nothing had been in between; a round that nobody judged at once counts as one."""
    assert_completed(theatre, theatre.run(), writes=1)
    assert [decided for decided in theatre.way() if not decided.endswith("wait")] == COMPLETES
    assert_kept(theatre)


# --- one question ---


def meet(stage: Stage, sidecar: Address, fault: str, question: Question) -> int:
    """One run in which one question meets one fault; the number of questions that came until it ended."""
    theatre = stage()
    alteration, code = FAULTS[fault]
    with wired(theatre, sidecar) as wire:
        wire.faults = {question: alteration}
        try:
            if question == VERSION:
                assert_not_opened(theatre)
            else:
                assert_stopped(theatre, code)
                assert theatre.history().newest.checkpoint == question.checkpoint
            assert wire.came[-1] == question
            assert_goes_on(theatre)
        except AssertionError as wrong:
            wrong.add_note(f"{fault} at {question}, asked: {wire.came}")
            raise
    return len(wire.came)


def assert_not_opened(theatre: Theatre) -> None:
    """Nobody said which OPA decides: nothing is recorded."""
    with pytest.raises(SidecarFault) as fault:
        theatre.run()
    assert fault.value.exit_status == 12
    with theatre.store() as store:
        assert store.runs.list() == []
        assert store.tasks.status("task-1").state == "queued"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_that_is(
    stage: Stage, straight: Straight, brisk_sidecar: Address, whole: bool, figures: Figures, fault: str
) -> None:
    """Without --whole each fault meets one question, and each question one fault or two."""
    asked = straight.questions
    share = asked if whole else [asked[list(FAULTS).index(fault) % len(asked)]]
    came = side_by_side(lambda question: meet(stage, brisk_sidecar, fault, question), share)
    figures(f"executor to sidecar, {fault}", runs=len(came), questions=sum(came))


# --- between two questions ---


def restart(sidecar: Sidecar) -> None:
    sidecar.process.kill()
    sidecar.start()


# What happens to the sidecar, under which code there is no decision then, and what mends it.
TROUBLES: dict[str, tuple[Callable[[Sidecar], object], str | None, Callable[[Sidecar], object]]] = {
    "killed and started again": (restart, None, lambda sidecar: None),
    "killed": (lambda sidecar: sidecar.process.kill(), "unreachable", lambda sidecar: sidecar.start()),
    "frozen": (lambda sidecar: sidecar.process.pause(), "timeout", lambda sidecar: sidecar.process.resume()),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_sidecar_that_is(
    stage: Stage,
    straight: Straight,
    brisk_bundle: Bundle,
    opa_binary: Path,
    whole: bool,
    figures: Figures,
    trouble: str,
) -> None:
    """... between any two questions. Without --whole at two moments."""
    harm, code, mend = TROUBLES[trouble]

    def play(moment: Moment) -> None:
        theatre = stage()
        with Sidecar(opa_binary, brisk_bundle) as own:
            reach(theatre, Path(str(own.address.socket)))
            theatre.director = At(moment, lambda: harm(own))
            if code and moment != straight.moments[-1]:
                assert_stopped(theatre, code)
                mend(own)
            assert_goes_on(theatre)

    share = straight.moments if whole else straight.moments[1 + list(TROUBLES).index(trouble) :: 6]
    figures(f"a sidecar that is {trouble}", runs=len(side_by_side(play, share)))


@pytest.mark.timeout(600)
def test_a_sidecar_that_is_replaced_by_one_with_another_bundle(
    stage: Stage,
    straight: Straight,
    brisk_sidecar: Address,
    another_sidecar: Address,
    whole: bool,
    figures: Figures,
) -> None:
    """... between any two questions. Without --whole at two moments."""

    def play(moment: Moment) -> None:
        theatre = stage()
        with wired(theatre, brisk_sidecar) as wire:

            def replace() -> None:
                wire.sidecar = another_sidecar

            theatre.director = At(moment, replace)
            if moment != straight.moments[-1]:
                assert_stopped(theatre, "wrong_bundle")
                wire.sidecar = brisk_sidecar
            assert_goes_on(theatre)

    share = straight.moments if whole else straight.moments[::7]
    figures("a sidecar that is replaced by one with another bundle", runs=len(side_by_side(play, share)))
