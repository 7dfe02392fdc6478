"""Each alert fires on scrapes of an executor to which its fault happened, and none fires before or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.fakes.cluster import Fault
from tests.metrics.scraping import Watched, refuse
from tests.metrics.timelines import RULES, Timeline, promtool
from tests.queries.conftest import Died
from tests.replay.replays import change
from tests.scenarios.theatre import Director

from runbook_gate.cluster.calls import Call
from runbook_gate.configuration import Opa
from runbook_gate.errors import LedgerFault, SidecarFault, Stopped
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.metrics import textfile

Scene = Callable[[Watched, Timeline], None]
_ACTED: dict[str, Scene] = {}
WAIVER = {"id": "EXC-1", "status": "open"}


def shows(*alerts: str) -> Callable[[Scene], Scene]:
    """Name the alerts that a scene shows firing."""

    def note(scene: Scene) -> Scene:
        _ACTED.update(dict.fromkeys(alerts, scene))
        return scene

    return note


@pytest.fixture
def timeline(watched: Watched) -> Timeline:
    return Timeline(watched)


def escalate(watched: Watched, name: str) -> str:
    """Run a task into an open waiver; returns the packet."""
    watched.world.submit(f"task-{name}", name)
    watched.world.waive(f"task-{name}", WAIVER)
    return str(watched.run(f"task-{name}").packet)


def complete(watched: Watched, name: str) -> None:
    watched.world.submit(f"task-{name}", name)
    assert watched.run(f"task-{name}").outcome == "complete"


# --- the scenes: what happens, minute by minute, and what fires then ---


@shows("RunbookGateDown")
def nobody_answers(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(2)
    timeline.expect()
    timeline.away(5)
    timeline.expect()
    timeline.away(2)
    timeline.expect("RunbookGateDown")
    timeline.watch(1)
    timeline.expect()


@shows("RunbookGateStoreFault")
def the_store_is_not_there(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(2)
    timeline.expect()
    with sqlite3.connect(watched.world.settings.store_file) as connection:
        connection.execute("ALTER TABLE runs RENAME TO gone")
    timeline.watch(1)
    timeline.expect("RunbookGateStoreFault")
    with sqlite3.connect(watched.world.settings.store_file) as connection:
        connection.execute("ALTER TABLE gone RENAME TO runs")
    timeline.watch(1)
    timeline.expect()


def the_store_cannot_be_written(watched: Watched, timeline: Timeline) -> None:
    watched.world.submit("task-1", "one")
    timeline.watch(2)
    timeline.expect()
    with sqlite3.connect(watched.world.settings.store_file) as connection:
        connection.execute("ALTER TABLE entries RENAME TO gone")
    with pytest.raises(LedgerFault):
        watched.run("task-1")
    with sqlite3.connect(watched.world.settings.store_file) as connection:
        connection.execute("ALTER TABLE gone RENAME TO entries")
    timeline.watch(1)
    timeline.expect("RunbookGateStoreFault")
    timeline.hold(12)
    timeline.expect()


@shows("RunbookGateRecordDamaged")
def a_chain_is_changed(watched: Watched, timeline: Timeline) -> None:
    complete(watched, "one")
    timeline.watch(1)
    timeline.expect()
    complete(watched, "two")
    run = watched.store.runs.list()[0].id
    change(watched.world.settings.store_file, "UPDATE entries SET data = x'7b7d' WHERE run = ? AND seq = 3", run)
    timeline.watch(1)
    timeline.expect("RunbookGateRecordDamaged")


@shows("RunbookGateRecordIncomplete")
def a_completion_record_is_lost(watched: Watched, timeline: Timeline) -> None:
    complete(watched, "one")
    timeline.watch(1)
    timeline.expect()
    complete(watched, "two")
    run = watched.store.runs.list()[0].id
    record = "SELECT record_sha256 FROM runs WHERE id = ?"
    change(watched.world.settings.store_file, f"DELETE FROM evidence WHERE sha256 = ({record})", run)
    timeline.watch(1)
    timeline.expect("RunbookGateRecordIncomplete")


@shows("RunbookGateEscalationUnacknowledged")
def nobody_takes_an_escalation(watched: Watched, timeline: Timeline) -> None:
    packet = escalate(watched, "one")
    timeline.watch(60, every=10)
    timeline.expect()
    timeline.watch(3)
    timeline.expect("RunbookGateEscalationUnacknowledged")
    watched.store.escalations.acknowledge(packet, actor="leah", note="mine")
    timeline.watch(1)
    timeline.expect()


@shows("RunbookGatePacketUndelivered")
def a_packet_is_not_where_it_should_be(watched: Watched, timeline: Timeline) -> None:
    packet = escalate(watched, "one")
    timeline.watch(2)
    (watched.world.folder / "packets" / f"{packet}.md").unlink()
    timeline.watch(15)
    timeline.expect()
    timeline.watch(2)
    timeline.expect("RunbookGatePacketUndelivered")


@shows("RunbookGateNotificationUndelivered")
def a_receiver_that_takes_nothing(watched: Watched, timeline: Timeline) -> None:
    watched.receives = False
    complete(watched, "one")
    timeline.watch(30, every=5)
    timeline.expect()
    timeline.watch(6, every=3)
    timeline.expect("RunbookGateNotificationUndelivered")
    watched.receives = True
    timeline.watch(1)
    timeline.expect()


@shows("RunbookGateQueueOld")
def a_task_that_nobody_takes(watched: Watched, timeline: Timeline) -> None:
    watched.world.submit("task-1", "one")
    timeline.watch(20)
    timeline.expect()
    timeline.watch(3)
    timeline.expect("RunbookGateQueueOld")
    watched.store.pauses.pause("a change", actor="leah")
    timeline.watch(1)
    timeline.expect()


@shows("RunbookGateRunOverdue")
def a_run_that_nobody_ends(watched: Watched, timeline: Timeline) -> None:
    watched.world.submit("task-1", "one")
    watched.world.stopping = iter([False] * 6 + [True] * 9).__next__
    with pytest.raises(Stopped):
        watched.run("task-1")
    watched.store.leases.acquire(watched.store.runs.list()[0].id, "somebody who hangs", ttl_s=7200)
    timeline.watch(24, every=4)
    timeline.expect()
    timeline.watch(4)
    timeline.expect("RunbookGateRunOverdue")


@shows("RunbookGatePausedForLong")
def a_pause_that_is_forgotten(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(1)
    watched.store.pauses.pause("a change", actor="leah")
    timeline.watch(1)
    timeline.hold(235)
    timeline.expect()
    timeline.hold(10)
    timeline.expect("RunbookGatePausedForLong")
    watched.store.pauses.unpause(actor="leah")
    timeline.watch(6)
    timeline.expect()


@shows("RunbookGateTakeovers")
def workers_that_die(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(1)
    for number in range(7):
        watched.world.submit(f"task-{number}", f"target-{number}")
        watched.world.fault = _dies
        with pytest.raises(Died):
            watched.run(f"task-{number}")
        timeline.watch(2)
        watched.world.fault = lambda request: None
        watched.run(f"task-{number}")
        timeline.watch(1)
        if number == 2:
            timeline.expect()
    timeline.expect("RunbookGateTakeovers")


@shows("RunbookGateSidecarFaults")
def a_sidecar_that_is_gone(watched: Watched, timeline: Timeline) -> None:
    watched.world.submit("task-1", "one")
    timeline.watch(1)
    nobody = Opa(socket=watched.world.folder / "nobody.sock")
    watched.world.settings = watched.world.settings.model_copy(update={"opa": nobody})
    for number in range(5):
        if number < 4:
            timeline.expect()
        with pytest.raises(SidecarFault):
            watched.run("task-1")
        timeline.watch(1)
    timeline.expect("RunbookGateSidecarFaults")
    timeline.hold(11)
    timeline.expect()


def answers_that_are_refused(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(1)
    for number in range(5):
        if number < 4:
            timeline.expect()
        refuse(watched)
        timeline.watch(1)
    timeline.expect("RunbookGateSidecarFaults")


@shows("RunbookGateApiFaults")
def an_api_server_that_fails(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(2)
    timeline.expect()
    lost = [Fault("lost")] * 12
    watched.world.fault = lambda request: lost.pop() if lost else None
    complete(watched, "one")
    timeline.watch(5)
    timeline.expect()
    timeline.watch(3)
    timeline.expect("RunbookGateApiFaults")
    timeline.hold(12)
    timeline.expect()


@shows("RunbookGateHeadKeptBack")
def a_head_that_cannot_leave(watched: Watched, timeline: Timeline) -> None:
    """The last one of a run: whoever waits for it is told by a fault of the ledger, too."""
    heads = watched.world.folder / "heads.txt"
    watched.world.settings = watched.world.settings.model_copy(update={"heads_file": heads})
    complete(watched, "one")
    timeline.watch(2)
    timeline.expect()
    watched.world.submit("task-2", "two")

    def spoil(entry: object) -> None:
        heads.unlink()
        heads.mkdir()

    with pytest.raises(LedgerFault), watched.metrics.faults():
        watched.world.run("task-2", Director({"decided:cp4:complete": spoil}))
    timeline.watch(2)
    timeline.expect("RunbookGateHeadKeptBack", "RunbookGateStoreFault")


@shows("RunbookGateNoSuccess")
def nothing_but_escalations(watched: Watched, timeline: Timeline) -> None:
    timeline.watch(2)
    for number in range(5):
        packet = escalate(watched, f"target-{number}")
        watched.store.escalations.acknowledge(packet, actor="leah", note="mine")
        timeline.watch(5)
        if number == 1:
            timeline.expect()
    timeline.expect("RunbookGateNoSuccess")
    complete(watched, "at-last")
    timeline.watch(2)
    timeline.expect()


@shows("RunbookGateStartsMissing")
def a_timer_that_starts_nothing(watched: Watched, timeline: Timeline) -> None:
    timeline.job = "node"
    timeline.hold(1, left(watched, ExitStatus.COMPLETE))
    timeline.hold(58)
    timeline.hold(1, left(watched, ExitStatus.ESCALATED))
    timeline.hold(59)
    timeline.expect()
    timeline.hold(3)
    timeline.expect("RunbookGateStartsMissing")


@shows("RunbookGateStartFailed")
def starts_that_fail(watched: Watched, timeline: Timeline) -> None:
    timeline.job = "node"
    for status in (ExitStatus.COMPLETE, ExitStatus.ESCALATED, ExitStatus.STOPPED, ExitStatus.HELD):
        timeline.hold(12, left(watched, status))
        timeline.expect()
    timeline.hold(12, left(watched, ExitStatus.LEDGER))
    timeline.expect("RunbookGateStartFailed")


def a_day_as_it_should_be(watched: Watched, timeline: Timeline) -> None:
    """Repairs, one escalation that is taken in time, one worker that dies, one request that is lost."""
    timeline.watch(2)
    for number in range(3):
        complete(watched, f"target-{number}")
        timeline.watch(5)
        timeline.expect()
    packet = escalate(watched, "waived")
    timeline.watch(30, every=10)
    watched.store.escalations.acknowledge(packet, actor="leah", note="mine")
    lost = [Fault("lost")]
    watched.world.fault = lambda request: lost.pop() if lost and _writes(request) else None
    complete(watched, "lost")
    watched.world.fault = _dies
    watched.world.submit("task-died", "died")
    with pytest.raises(Died):
        watched.run("task-died")
    watched.world.fault = lambda request: None
    timeline.watch(2)
    assert watched.run("task-died").outcome == "complete"
    timeline.watch(10)
    timeline.expect()
    timeline.hold(300)
    timeline.expect()


_SCENES = [
    *dict.fromkeys(_ACTED.values()),
    answers_that_are_refused,
    the_store_cannot_be_written,
    a_day_as_it_should_be,
]


@pytest.mark.parametrize("scene", _SCENES, ids=lambda scene: scene.__name__)
def test_what_fires(scene: Scene, watched: Watched, timeline: Timeline) -> None:
    scene(watched, timeline)
    timeline.check()


def rules() -> Iterator[dict[str, object]]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from group["rules"]


def test_each_alert_is_shown_firing() -> None:
    assert {str(rule["alert"]) for rule in rules()} == _ACTED.keys()


def test_a_rule_that_is_gone_or_never_fires_is_noticed(watched: Watched, timeline: Timeline, tmp_path: Path) -> None:
    starts_that_fail(watched, timeline)
    spoilt = tmp_path / "alerts.yaml"
    spoilt.write_text(RULES.read_text().replace("exit_status == 13", "exit_status == 14"))
    with pytest.raises(AssertionError, match="RunbookGateStartFailed"):
        timeline.check(spoilt)


def test_promtool_finds_nothing_to_say_of_the_rules() -> None:
    promtool(["check", "rules", "--lint=all", "--lint-fatal", str(RULES)])


def test_each_alert_says_what_to_do() -> None:
    for rule in rules():
        annotations = rule["annotations"]
        assert isinstance(annotations, dict)
        assert annotations.keys() == {"summary", "description", "runbook"}, rule["alert"]
        assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"}), rule["alert"]


def left(watched: Watched, status: ExitStatus) -> str:
    """The metrics file of a one-shot start that ends now."""
    now_ms = watched.world.clock.read().at_ms
    return textfile.text(watched.store, at_ms=now_ms, status=status, revision=None, packet_dir=None).decode()


def _writes(request: Call) -> bool:
    return request.method == "PATCH" and ("dryRun", "All") not in request.query


def _dies(request: Call) -> None:
    if _writes(request):
        raise Died
