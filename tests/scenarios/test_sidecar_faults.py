"""A sidecar that gives no answer, or not the one shape of answer: nothing is done, and the run stays resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios import process
from tests.scenarios.bundles import edited
from tests.scenarios.deadlines import prequalified_for, wait_for_the_deadline
from tests.scenarios.stand_in_opa import Alteration, Ask, Reply, StandInOpa, forward
from tests.scenarios.stopping import run_until
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated

from runbook_gate.configuration import Opa
from runbook_gate.errors import NoDecision, SidecarFault, Stopped
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

COMPLETES = ["cp0 proceed", "cp1 proceed", "cp2 proceed", "cp3 wait", "cp3 proceed", "cp4 complete"]


@pytest.fixture
def opa(theatre: Theatre, sidecar: Sidecar) -> Iterator[StandInOpa]:
    """A stand-in between the executor and the real sidecar; the executor waits three seconds for an answer."""
    with StandInOpa.start(sidecar.address) as started:
        settings = {"opa": Opa(socket=started.socket, timeout_s=3)}
        theatre.settings = theatre.settings.model_copy(update=settings)
        yield started


@pytest.fixture(scope="session")
def another_sidecar(tmp_path_factory: pytest.TempPathFactory, opa_binary: Path) -> Iterator[Sidecar]:
    """A real OPA with another bundle: a comment more."""
    changes = {"gate/gate.rego": [("package gate\n", "package gate\n\n# Another bundle.\n")]}
    bundle = edited(tmp_path_factory.mktemp("another"), opa_binary, changes)
    with Sidecar(opa_binary, bundle) as started:
        yield started


# --- the faults ---


def silent(ask: Ask) -> None:
    """The connection ends without an answer."""


def slow(ask: Ask) -> Reply:
    time.sleep(3.3)
    return ask()


def server_error(ask: Ask) -> Reply:
    return Reply(500, {"Content-Type": "application/json"}, b'{"code": "internal_error", "message": "planted"}')


def redirect(ask: Ask) -> Reply:
    return Reply(307, {"Location": "/v1/data/gate/decision/"}, b"")


def with_document(change: Callable[[dict[str, Any]], object]) -> Alteration:
    """The real answer with a change of its JSON."""

    def alter(ask: Ask) -> Reply:
        reply = ask()
        document = reply.document
        change(document)
        return reply.with_document(document)

    return alter


def with_result(**changes: object) -> Alteration:
    """The real answer with other members of the decision."""
    return with_document(lambda document: document["result"].update(changes))


def text(ask: Ask) -> Reply:
    return Reply(200, {"Content-Type": "text/plain"}, ask().body)


def cut_off(ask: Ask) -> Reply:
    reply = ask()
    return Reply(200, reply.headers, reply.body[:-10])


def twice_the_verdict(ask: Ask) -> Reply:
    reply = ask()
    return Reply(200, reply.headers, reply.body.replace(b'"verdict":', b'"verdict":"proceed","verdict":'))


FAULTS: dict[str, tuple[Alteration, str]] = {
    "does not answer": (silent, "unreachable"),
    "is slower than the time-out": (slow, "timeout"),
    "answers undefined": (with_document(lambda document: document.pop("result")), "undefined"),
    "answers nothing at all": (with_document(lambda document: document.clear()), "undefined"),
    "answers 500": (server_error, "status"),
    "redirects": (redirect, "redirect"),
    "answers for another run": (with_result(run_id="01another"), "wrong_run_id"),
    "answers for another step": (with_result(step="another"), "wrong_step"),
    "answers for another ledger head": (with_result(ledger_head="0" * 64), "wrong_ledger_head"),
    "answers for another input": (with_result(input_sha256="0" * 64), "wrong_input_sha256"),
    "answers with JSON that is no decision": (with_result(verdict="go"), "invalid"),
    "answers with a member too many": (with_result(force=True), "invalid"),
    "answers with a warning": (
        with_document(lambda document: document.update(warning={"code": "api_usage_warning"})),
        "warning",
    ),
    "answers without saying which bundle it serves": (
        with_document(lambda document: document["provenance"].pop("bundles")),
        "wrong_bundle",
    ),
    "is another OPA": (
        with_document(lambda document: document["provenance"].update(version="0.1.0")),
        "wrong_opa",
    ),
    "answers with a decision that it calls text": (text, "not_json"),
    "answers with half of the JSON": (cut_off, "not_json"),
    "says the verdict twice": (twice_the_verdict, "duplicate_key"),
}


# --- what is the same for all of them ---


def refuse_at(theatre: Theatre, opa: StandInOpa, checkpoint: str, fault: Alteration, code: str, *, writes: int) -> None:
    """A run in which one checkpoint gets no decision: it is recorded, nothing is done, the run may go on later."""
    opa.alterations = {checkpoint: fault}
    with pytest.raises(NoDecision) as refused:
        theatre.run()
    assert (refused.value.code, refused.value.exit_status) == (code, 12)
    newest = theatre.history().newest
    assert (newest.kind, newest.checkpoint, newest.body["code"]) == ("no_decision", checkpoint, code)
    assert len(theatre.writes()) == writes
    assert opa.asked.count(checkpoint) == 1
    assert not theatre.packets()
    opa.asked.clear()


def assert_goes_on(theatre: Theatre, opa: StandInOpa) -> None:
    """With the healthy sidecar the run completes, as if nothing had been in between."""
    opa.alterations = {}
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.way() == COMPLETES
    with theatre.store() as store:
        assert len(store.runs.list()) == 1
        assert store.verify().result == "chain consistent"


# --- scenarios ---


@pytest.mark.parametrize("what", FAULTS)
def test_a_sidecar_that(theatre: Theatre, opa: StandInOpa, what: str) -> None:
    """... at cp0, at cp1 and, after the write, at cp2."""
    fault, code = FAULTS[what]
    theatre.submit()
    for checkpoint, writes in (("cp0", 0), ("cp1", 0), ("cp2", 1)):
        refuse_at(theatre, opa, checkpoint, fault, f"no_decision.{code}", writes=writes)
    assert_goes_on(theatre, opa)


def test_a_sidecar_that_serves_another_bundle(theatre: Theatre, opa: StandInOpa, another_sidecar: Sidecar) -> None:
    def served_by_another(ask: Ask) -> Reply:
        return forward(another_sidecar.address, *opa.questions[-1])

    theatre.submit()
    for checkpoint, writes in (("cp0", 0), ("cp1", 0), ("cp2", 1)):
        refuse_at(theatre, opa, checkpoint, served_by_another, "no_decision.wrong_bundle", writes=writes)
    assert_goes_on(theatre, opa)


@pytest.mark.parametrize("checkpoint", ["cp3", "cp4"])
def test_a_sidecar_that_fails_while_the_write_is_verified(theatre: Theatre, opa: StandInOpa, checkpoint: str) -> None:
    theatre.submit()
    refuse_at(theatre, opa, checkpoint, server_error, "no_decision.status", writes=1)
    assert_goes_on(theatre, opa)


@pytest.mark.parametrize("checkpoint", ["cp1", "cp2"])
def test_a_sidecar_that_repeats_its_answer_to_the_question_before(
    theatre: Theatre, opa: StandInOpa, checkpoint: str
) -> None:
    def repeat(ask: Ask) -> Reply:
        return forward(opa.sidecar, *opa.questions[-2])

    theatre.submit()
    writes = {"cp1": 0, "cp2": 1}[checkpoint]
    refuse_at(theatre, opa, checkpoint, repeat, "no_decision.wrong_checkpoint", writes=writes)
    assert_goes_on(theatre, opa)


@pytest.mark.parametrize(("fault", "code"), [("killed", "no_decision.unreachable"), ("frozen", "no_decision.timeout")])
@pytest.mark.parametrize("moment", ["observed:gather", "observed:resolve_write"])
def test_a_real_sidecar_that_is_killed_or_frozen_in_the_middle_of_a_run(
    theatre: Theatre, bundle: Bundle, opa_binary: Path, fault: str, code: str, moment: str
) -> None:
    theatre.submit()
    with Sidecar(opa_binary, bundle) as own:
        settings = {"opa": Opa(socket=Path(str(own.address.socket)), timeout_s=3)}
        theatre.settings = theatre.settings.model_copy(update=settings)
        harm = own.process.stop if fault == "killed" else own.process.pause
        theatre.director.cues[moment] = lambda entry: harm()
        with pytest.raises(NoDecision) as refused:
            theatre.run()
        assert refused.value.code == code
        assert len(theatre.writes()) == (moment == "observed:resolve_write")
        own.start() if fault == "killed" else own.process.resume()
        assert_completed(theatre, theatre.run(), writes=1)
        assert theatre.way() == COMPLETES


def test_a_sidecar_that_is_down_before_the_run_is_opened_leaves_the_task_queued(
    theatre: Theatre, sidecar: Sidecar
) -> None:
    theatre.submit()
    with pytest.raises(SidecarFault) as fault:
        theatre.run(opa=Opa(socket=theatre.folder / "nobody.sock"))
    assert fault.value.exit_status == 12
    with theatre.store() as store:
        assert store.runs.list() == []
        assert store.tasks.status("task-1").state == "queued"
    assert_completed(theatre, theatre.run(), writes=1)


def test_a_bundle_other_than_the_one_that_the_sidecar_serves_from_the_start(
    theatre: Theatre, another_sidecar: Sidecar
) -> None:
    theatre.submit()
    with pytest.raises(SidecarFault, match="serves another bundle") as fault:
        theatre.run(opa=Opa(socket=Path(str(another_sidecar.address.socket))))
    assert fault.value.exit_status == 12
    with theatre.store() as store:
        assert store.runs.list() == []
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.way() == COMPLETES


def test_the_process_ends_with_12_and_with_0_when_the_sidecar_is_well_again(theatre: Theatre, opa: StandInOpa) -> None:
    theatre.submit()
    opa.alterations = {"cp1": server_error}
    assert process.status(theatre, "run", "task-1") == 12
    assert theatre.history().newest.body["code"] == "no_decision.status"
    assert theatre.writes() == []
    opa.alterations = {}
    assert process.status(theatre, "run", "task-1") == 0
    assert len(theatre.writes()) == 1


# --- no decision until the deadline ---


@pytest.mark.parametrize("checkpoint", ["cp0", "cp1"])
def test_a_run_without_a_decision_escalates_at_its_deadline(theatre: Theatre, opa: StandInOpa, checkpoint: str) -> None:
    theatre.submit(**prequalified_for(6))
    refuse_at(theatre, opa, checkpoint, server_error, "no_decision.status", writes=0)
    wait_for_the_deadline(theatre)
    packet = assert_escalated(theatre, theatre.run(), "executor.deadline_no_decision", origin=checkpoint)
    assert (packet["basis"], packet["write_in_doubt"]) == ("deadline_no_decision", False)


def test_a_run_without_a_decision_after_its_write_escalates_with_the_write_in_doubt(
    theatre: Theatre, opa: StandInOpa
) -> None:
    theatre.submit(**prequalified_for(8))
    refuse_at(theatre, opa, "cp2", server_error, "no_decision.status", writes=1)
    wait_for_the_deadline(theatre)
    packet = assert_escalated(theatre, theatre.run(), "executor.deadline_no_decision", origin="cp2", writes=1)
    assert packet["write_in_doubt"] is True
    assert packet["live"]["restored"] is True


def test_a_sidecar_that_cannot_be_started_any_more_escalates_at_the_deadline(
    theatre: Theatre, opa_binary: Path
) -> None:
    """Started by the executor: it checks bundles, and does not serve."""
    broken = theatre.folder / "opa"
    broken.write_text(f'#!/bin/sh\ncase "$1" in run) exit 1 ;; *) exec {opa_binary} "$@" ;; esac\n')
    broken.chmod(0o755)
    theatre.submit(**prequalified_for(10))
    with pytest.raises(Stopped):
        run_until(theatre, "observed:gather", opa=Opa(binary=opa_binary))
    with pytest.raises(SidecarFault):
        theatre.run(opa=Opa(binary=broken))
    assert not theatre.packets()
    wait_for_the_deadline(theatre)
    finished = theatre.run(opa=Opa(binary=broken))
    assert_escalated(theatre, finished, "executor.deadline_no_decision", origin="cp1")
