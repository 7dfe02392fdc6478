"""The audit log as files: found by Audit-ID and by namespace, rotated or not, whole or cut."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from runbook_gate.audit import lines
from runbook_gate.audit.files import AuditFiles
from runbook_gate.audit.protocol import AuditQuery, NoAuditLog
from runbook_gate.clock import SystemClock
from runbook_gate.models.audit_answer import AuditAnswer

KEYS = ("pod-security.kubernetes.io/enforce",)
SINCE = "2026-11-20T10:00:00Z"
SINCE_MS = 1795168800000


def event(audit_id: str, stage_time: str = "2026-11-20T10:00:05.000000Z", **more: Any) -> dict[str, Any]:
    about = {"resource": "namespaces", "namespace": "payments", "name": "payments"}
    times = {"requestReceivedTimestamp": stage_time, "stageTimestamp": stage_time}
    return {"auditID": audit_id, "stage": "ResponseComplete", "verb": "patch", "objectRef": about, **times, **more}


OLD = event("old", "2026-11-20T09:00:00.000000Z")


def written(path: Path, *events: Any) -> Path:
    text = b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in events)
    path.write_bytes(text)
    return path


def look(*paths: Path, ids: tuple[str, ...] = (), wait_s: float = 0) -> AuditAnswer:
    return AuditFiles(paths, SystemClock(), wait_s).lookup(AuditQuery(frozenset(ids), "payments", SINCE_MS, KEYS))


def found(answer: AuditAnswer) -> tuple[list[str], list[str], bool]:
    return [one.audit_id for one in answer.events], [one.audit_id for one in answer.writes], answer.complete


def test_events_are_found_by_id_and_writes_by_namespace(tmp_path: Path) -> None:
    pod = {"resource": "pods", "namespace": "payments", "name": "p"}
    other = {"resource": "namespaces", "namespace": "ledger", "name": "ledger"}
    log = written(
        tmp_path / "audit.log",
        OLD,
        event("probe", objectRef=pod, verb="create"),
        event("foreign-pod", objectRef=pod, verb="create"),
        event("other", objectRef=other),
        event("read", verb="get"),
        *(event(verb, verb=verb) for verb in ("create", "update", "patch", "delete")),
        event("status", verb="update", objectRef={**OLD["objectRef"], "subresource": "status"}),
        event("unfinished", stage="RequestReceived"),
        event("panic", stage="Panic"),
    )
    answer = look(log, ids=("probe", "unfinished", "none"))
    assert answer.outcome == "answered"
    assert found(answer) == (["probe"], ["create", "delete", "patch", "status", "update"], True)


def test_events_are_in_the_order_they_were_received(tmp_path: Path) -> None:
    times = [f"2026-11-20T10:00:0{second}.000000Z" for second in (7, 5, 6)]
    log = written(tmp_path / "audit.log", OLD, *(event(f"w{time[18]}", time) for time in times))
    assert found(look(log))[1] == ["w5", "w6", "w7"]


def test_a_second_event_under_one_id_is_shown_too(tmp_path: Path) -> None:
    log = written(tmp_path / "audit.log", OLD, event("a"), event("a", user={"username": "someone else"}))
    assert found(look(log, ids=("a",)))[0] == ["a", "a"]


@pytest.mark.parametrize("block", [1, 7, 64, lines.BLOCK])
def test_rotated_files_are_read_to_what_was_asked_for(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BLOCK", block)
    log = written(tmp_path / "audit.log", event("c", "2026-11-20T10:00:09.000000Z"))
    written(tmp_path / "audit-2026-11-20T10-00-08.000.log", event("b", "2026-11-20T10:00:07.000000Z"))
    written(tmp_path / "audit-2026-11-20T10-00-06.000.log", OLD, event("a"))
    written(tmp_path / "audit-2026-11-20T09-00-00.000.log", b"never read, it is older\n")
    written(tmp_path / "other-2026-11-20T10-00-07.000.log", event("x"))
    written(tmp_path / "audit-notes.log", event("y"))
    assert found(look(log, ids=("a", "c"))) == (["a", "c"], ["a", "b", "c"], True)


INCOMPLETE: dict[str, tuple[Any, ...]] = {
    "it begins later than asked for": (event("a"),),
    "it is empty": (),
    "a line is damaged": (OLD, b'{"auditID": "x", "stage\n', event("a")),
    "a line is of another kind": (OLD, b"[]\n", event("a")),
    "an event has no time": (
        OLD,
        {key: value for key, value in event("x").items() if key != "stageTimestamp"},
        event("a"),
    ),
}


@pytest.mark.parametrize("why", INCOMPLETE)
def test_a_log_is_not_complete_if(tmp_path: Path, why: str) -> None:
    log = written(tmp_path / "audit.log", *INCOMPLETE[why])
    answer = look(log, ids=("a",))
    assert (answer.outcome, answer.complete) == ("answered", False)
    assert len(answer.events) == (0 if why == "it is empty" else 1)


def test_a_rotated_file_that_is_gone_makes_it_incomplete(tmp_path: Path) -> None:
    log = written(tmp_path / "audit.log", event("b", "2026-11-20T10:00:09.000000Z"))
    rotated = written(tmp_path / "audit-2026-11-20T10-00-06.000.log", OLD, event("a"))
    assert found(look(log, ids=("a",))) == (["a"], ["a", "b"], True)
    rotated.unlink()
    assert found(look(log, ids=("a",))) == ([], ["b"], False)


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    half = json.dumps(event("a")).encode()[:-20]
    log = written(tmp_path / "audit.log", OLD, event("b"), half)
    assert found(look(log, ids=("a", "b"))) == (["b"], ["b"], True)


def test_a_line_that_is_too_long_makes_it_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 100_000)
    log = written(tmp_path / "audit.log", OLD, event("x", note="y" * 300_000), event("a"))
    assert found(look(log, ids=("a",))) == (["a"], ["a"], False)


@pytest.mark.parametrize("field", ["auditID", "verb", "stage", "objectRef", "user", "annotations", "requestURI"])
@pytest.mark.parametrize("odd", [None, 1, [], {}, ["payments"], {"payments": 1}])
def test_an_odd_event_does_no_harm(tmp_path: Path, field: str, odd: Any) -> None:
    log = written(tmp_path / "audit.log", OLD, event("a") | {field: odd, "note": "payments"}, event("b"))
    answer = look(log, ids=("b",))
    assert (answer.outcome, answer.complete, [one.audit_id for one in answer.events]) == ("answered", True, ["b"])


def test_an_event_that_forges_an_older_time_does_not_end_the_look(tmp_path: Path) -> None:
    forged = event("f", annotations={"x": "2026"}, requestObject={"stageTimestamp": "2020-01-01T00:00:00Z"})
    forged = {key: forged[key] for key in sorted(forged)} | {"requestObject": forged["requestObject"]}
    log = written(tmp_path / "audit.log", event("a"), forged)
    assert found(look(log, ids=("a",))) == (["a"], ["a", "f"], False)


def test_a_log_that_cannot_be_read_is_no_answer(tmp_path: Path) -> None:
    log = written(tmp_path / "audit.log", OLD)
    for paths in ((tmp_path / "none.log",), (log, tmp_path / "none.log"), (tmp_path,)):
        answer = look(*paths)
        assert (answer.outcome, answer.complete) == ("unanswered", False)


def test_every_servers_log_counts(tmp_path: Path) -> None:
    first = written(tmp_path / "first.log", OLD, event("a"))
    second = written(tmp_path / "second.log", event("b"))
    assert found(look(first, second, ids=("a", "b"))) == (["a", "b"], ["a", "b"], False)
    written(second, OLD, event("b"))
    assert found(look(first, second, ids=("a", "b"))) == (["a", "b"], ["a", "b"], True)


def test_it_waits_for_an_event_that_is_not_there_yet(tmp_path: Path) -> None:
    log = written(tmp_path / "audit.log", OLD)
    timer = threading.Timer(0.2, lambda: written(log, OLD, event("a")))
    timer.start()
    assert found(look(log, ids=("a",), wait_s=5))[0] == ["a"]
    timer.join()


def test_without_a_log_there_is_none_to_ask() -> None:
    for answer in (NoAuditLog().lookup(AuditQuery(frozenset(), "payments", 0, KEYS)), look()):
        assert (answer.outcome, answer.complete) == ("unconfigured", False)
