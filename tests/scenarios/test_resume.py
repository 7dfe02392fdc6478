"""A run that stopped goes on from its ledger, in a new session and under the policy that decides it."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios import process
from tests.scenarios.bundles import Changes, edited, served
from tests.scenarios.ledgers import asleep
from tests.scenarios.stand_in_opa import Ask, Reply, StandInOpa
from tests.scenarios.stopping import run_until
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.configuration import Opa
from runbook_gate.errors import HeldElsewhere, NoDecision, Stopped
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar

COMPLETES = ["cp0 proceed", "cp1 proceed", "cp2 proceed", "cp3 wait", "cp3 proceed", "cp4 complete"]


# --- stopped, and started again ---


@pytest.mark.parametrize(
    ("moments", "writes", "asks"),
    [
        (["opened"], 0, "cp0"),
        (["decided:cp0:proceed"], 0, "cp1"),
        (["observed:gather"], 0, "cp1"),
        (["intended"], 1, "cp2"),
        (["observed:patch_labels"], 1, "cp2"),
        (["observed:resolve_write"], 1, "cp2"),
        (["decided:cp2:proceed"], 1, "cp3"),
        (["observed:verify"], 1, "cp3"),
        (["waiting"], 1, "cp3"),
        (["observed:verify", "observed:verify"], 1, "cp3"),
        (["decided:cp3:proceed"], 1, "cp4"),
        (["decided:cp3:proceed", "observed:gather"], 1, "cp4"),
    ],
    ids=lambda value: " then ".join(value) if isinstance(value, list) else None,
)
def test_a_run_that_is_stopped_goes_on_where_its_ledger_ends(
    theatre: Theatre, moments: list[str], writes: int, asks: str
) -> None:
    theatre.submit()
    with pytest.raises(Stopped) as stopped:
        run_until(theatre, *moments)
    assert stopped.value.exit_status == 12
    assert len(theatre.writes()) == writes
    before = theatre.history()

    assert_completed(theatre, theatre.run(), writes=1)
    after = theatre.history()
    assert list(after.entries)[: len(before.entries)] == list(before.entries)
    assert next(entry for entry in after.decisions() if entry.seq > before.newest.seq).checkpoint == asks
    assert [entry.kind for entry in after.entries].count("intent") == 1
    with theatre.store() as store:
        assert len(store.runs.list()) == 1
        assert store.verify().result == "chain consistent"


def test_a_run_that_is_stopped_after_its_last_decision_only_finishes_its_record(theatre: Theatre) -> None:
    theatre.submit()
    finished = run_until(theatre, "decided:cp4:complete")
    assert theatre.run() == finished
    assert_completed(theatre, finished, writes=1)


# --- the go to write ---


def test_a_go_that_comes_too_late_after_the_last_read_lapses_and_is_asked_for_again(
    theatre: Theatre, sidecar: Sidecar
) -> None:
    theatre.submit()
    with slow_once(theatre, sidecar):
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert theatre.asked().count("cp1 proceed") > 1
    assert theatre.way() == COMPLETES
    assert [entry.kind for entry in theatre.history().entries].count("intent") == 1


def test_a_go_is_not_for_another_process_than_the_one_that_received_it(theatre: Theatre, sidecar: Sidecar) -> None:
    theatre.submit()
    with slow_once(theatre, sidecar), pytest.raises(Stopped):
        run_until(theatre, "decided:cp1:proceed")
    assert theatre.history().newest.body["next"]["action"] == "patch_labels"
    assert theatre.writes() == []
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.director.seen[:2] == ["observed:gather", "decided:cp1:proceed"]


@contextlib.contextmanager
def slow_once(theatre: Theatre, sidecar: Sidecar) -> Iterator[None]:
    """The first answer at cp1 takes longer than a go to write stays fresh."""

    def slow(ask: Ask) -> Reply:
        del opa.alterations["cp1"]
        time.sleep(0.7)
        return ask()

    healthy = theatre.settings
    with StandInOpa.start(sidecar.address) as opa:
        opa.alterations = {"cp1": slow}
        theatre.settings = healthy.model_copy(update={"opa": Opa(socket=opa.socket)})
        yield
    theatre.settings = healthy


# --- another policy ---


@pytest.fixture
def changed(theatre: Theatre, opa_binary: Path) -> Iterator[dict[str, Any]]:
    """Settings with a bundle that decides the same and is another one, and with a sidecar that serves it."""
    folder = theatre.folder / "changed"
    folder.mkdir()
    changes: Changes = {"gate/gate.rego": [("package gate\n", "package gate\n\n# A new release.\n")]}
    with served(folder, opa_binary, edited(folder, opa_binary, changes)) as settings:
        yield settings


def policies(theatre: Theatre) -> list[str]:
    """Content digest of the policy of each decision of the whole run."""
    return [entry.body["pins"]["content_sha256"] for entry in theatre.history().entries if entry.kind == "decision"]


def digest(settings: dict[str, Any]) -> str:
    return Bundle.read(settings["bundle"]).content_sha256


@pytest.mark.parametrize("sidecar_of", ["its own", "the executor's"])
def test_before_the_first_intent_another_bundle_is_asked_from_the_start(
    theatre: Theatre, bundle: Bundle, changed: dict[str, Any], opa_binary: Path, sidecar_of: str
) -> None:
    theatre.submit()
    with pytest.raises(Stopped):
        run_until(theatre, "observed:gather")
    started = {"opa": Opa(binary=opa_binary)} if sidecar_of == "the executor's" else {}
    assert_completed(theatre, theatre.run(**{**changed, **started}), writes=1)
    assert theatre.way() == COMPLETES
    assert [entry.kind for entry in theatre.history().entries].count("repinned") == 1
    assert policies(theatre)[0] == bundle.content_sha256
    assert set(policies(theatre)[1:]) == {digest(changed)}


def test_after_an_intent_the_bundle_from_the_evidence_decides(
    theatre: Theatre, bundle: Bundle, changed: dict[str, Any], opa_binary: Path
) -> None:
    own = Opa(binary=opa_binary)
    theatre.submit()
    with pytest.raises(Stopped):
        run_until(theatre, "observed:patch_labels", opa=own)
    assert_completed(theatre, theatre.run(bundle=changed["bundle"], opa=own), writes=1)
    assert theatre.way() == COMPLETES
    assert set(policies(theatre)) == {bundle.content_sha256}


def test_after_an_intent_under_a_second_bundle_that_one_decides(
    theatre: Theatre, changed: dict[str, Any], opa_binary: Path
) -> None:
    own = Opa(binary=opa_binary)
    theatre.submit()
    with pytest.raises(Stopped):
        run_until(theatre, "observed:gather")
    with pytest.raises(Stopped):
        run_until(theatre, "observed:patch_labels", **changed)
    assert_completed(theatre, theatre.run(opa=own), writes=1)
    assert set(policies(theatre)[1:]) == {digest(changed)}


def test_before_an_intent_a_sidecar_that_still_has_the_first_bundle_gives_no_decision_on_the_second(
    theatre: Theatre, changed: dict[str, Any]
) -> None:
    theatre.submit()
    with pytest.raises(Stopped):
        run_until(theatre, "observed:gather")
    with pytest.raises(NoDecision) as refused:
        theatre.run(bundle=changed["bundle"])
    assert refused.value.code == "no_decision.wrong_bundle"
    assert theatre.writes() == []
    assert_completed(theatre, theatre.run(), writes=1)


def test_after_an_intent_a_sidecar_with_another_bundle_gives_no_decision(
    theatre: Theatre, bundle: Bundle, changed: dict[str, Any]
) -> None:
    theatre.submit()
    with pytest.raises(Stopped):
        run_until(theatre, "observed:patch_labels")
    with pytest.raises(NoDecision) as refused:
        theatre.run(**changed)
    assert (refused.value.code, refused.value.exit_status) == ("no_decision.wrong_bundle", 12)
    assert theatre.history().newest.body["code"] == "no_decision.wrong_bundle"
    assert len(theatre.writes()) == 1

    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.way() == COMPLETES
    assert set(policies(theatre)) == {bundle.content_sha256}


# --- who holds the run ---


def test_a_run_that_a_live_process_holds_is_left_to_it(theatre: Theatre) -> None:
    theatre.submit()
    with process.start(theatre, "run", "task-1") as holder:
        until(lambda: waits_at_cp3(theatre))
        holder.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(HeldElsewhere) as held:
                theatre.run()
            assert held.value.exit_status == 11
            assert process.status(theatre, "run", "task-1") == 11
        finally:
            holder.send_signal(signal.SIGCONT)
        holder.communicate(timeout=60)
    assert holder.returncode == 0
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.way() == COMPLETES


def test_a_run_of_a_process_that_was_killed_is_taken_over_when_its_lease_is_over(theatre: Theatre) -> None:
    theatre.submit()
    with process.start(theatre, "run", "task-1") as holder:
        until(lambda: waits_at_cp3(theatre))
        holder.kill()
    with pytest.raises(HeldElsewhere):
        theatre.run()
    asleep(theatre, 61_000)
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.history().newest.lease == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_asked_to_stop_ends_with_12_soon(theatre: Theatre, number: signal.Signals) -> None:
    theatre.submit()
    with process.start(theatre, "run", "task-1") as executor:
        until(lambda: waits_at_cp3(theatre))
        asked = time.monotonic()
        executor.send_signal(number)
        executor.communicate(timeout=10)
        assert time.monotonic() - asked < 6
    assert executor.returncode == 12
    assert_completed(theatre, theatre.run(), writes=1)


def waits_at_cp3(theatre: Theatre) -> bool:
    with theatre.store() as store:
        opened = bool(store.runs.list())
    return opened and "cp3 wait" in theatre.asked()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
