"""What is due is sent, at least once and under one id; a receiver that does not take it costs little."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.samples import finish, start, whole_run
from tests.notifications.conftest import Sweep
from tests.notifications.receiver import Handler, Hang, Play, Receiver, answer, dies, raw

from runbook_gate.configuration import Settings
from runbook_gate.ledger import Draft, Finished, Lease, Store
from runbook_gate.ledger.identifiers import notification_id
from runbook_gate.ledger.outbox import LONGEST_MS, PAUSE_MS
from runbook_gate.notifications import notify_due, retry


def ids(receiver: Receiver) -> list[str]:
    return [request.id for request in receiver.requests]


def ended(store: Store, clock: ManualClock, count: int, kind: str = "completed") -> list[Finished]:
    """So many runs, one after the other."""
    made = []
    for number in range(1, count + 1):
        clock.advance(1)
        made.append(whole_run(store, number, target=f"t{number}", kind=kind))
    return made


# --- once, and in order ---


def test_each_is_sent_once_the_oldest_first(store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep) -> None:
    runs = ended(store, clock, 3)
    assert sweep() == ["delivered"] * 3
    assert ids(receiver) == [notification_id(run.head) for run in runs]
    assert sweep() == []
    assert [one.state for one in store.outbox.list(delivered=True)] == ["delivered"] * 3
    assert store.outbox.list() == []


def test_the_own_run_comes_first(store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep) -> None:
    oldest, own, last = ended(store, clock, 3)
    sweep(first=own.run)
    assert ids(receiver) == [notification_id(run.head) for run in (own, oldest, last)]


def test_without_a_receiver_nothing_is_tried_and_nothing_forgotten(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended(store, clock, 2)
    assert notify_due(store, Settings(), clock) == []
    assert [(one.state, one.attempts) for one in store.outbox.list()] == [("pending", 0)] * 2
    assert sweep() == ["delivered"] * 2


def test_a_run_that_goes_on_is_told_to_nobody(store: Store, receiver: Receiver, sweep: Sweep) -> None:
    lease = start(store)
    assert sweep() == []
    finish(store, lease)
    assert sweep() == ["delivered"]


def test_nobody_is_told_of_an_end_that_did_not_become_durable(store: Store) -> None:
    lease = start(store)
    with pytest.raises(ZeroDivisionError):
        die_before_the_commit(store, lease)
    assert store.outbox.list() == []
    assert store.runs.status(lease.run).state == "active"


def die_before_the_commit(store: Store, lease: Lease) -> None:
    with store.runs.batch(lease) as batch:
        batch.finish(Draft("completed", {}, "cp4"), lambda entry: b"record")
        raise ZeroDivisionError


# --- faults ---


@pytest.mark.parametrize(
    ("play", "problem"),
    [
        (answer(500), "http_500"),
        (answer(503), "http_503"),
        (answer(429, b"", "Retry-After: 1"), "http_429"),
        (answer(410), "http_410"),
        (answer(401), "http_401"),
        (answer(400), "http_400"),
        (answer(302, b"", "Location: /elsewhere"), "redirect"),
        (dies, "broke_off"),
        (raw(b""), "broke_off"),
        (raw(b"no http at all\r\n\r\n"), "broke_off"),
        (answer(200, b"half", length=8), "broke_off"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf"), "broke_off"),
    ],
)
def test_what_is_not_taken_comes_again_with_the_same_id_and_bytes(
    store: Store,
    receiver: Receiver,
    clock: ManualClock,
    sweep: Sweep,
    play: Play,
    problem: str,
) -> None:
    [run] = ended(store, clock, 1, "escalated")
    receiver.plays = [play]
    assert sweep() == [problem]
    [waiting] = store.outbox.list()
    assert (waiting.state, waiting.attempts, waiting.last_error) == ("pending", 1, problem)
    assert sweep() == []
    clock.advance(LONGEST_MS)
    assert sweep() == ["delivered"]
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)
    assert first.id == notification_id(run.head)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.line == second.line == "POST /hooks/runbook-gate"


@pytest.mark.parametrize(
    "play",
    [
        answer(200, b'{"ok": true}'),
        answer(202),
        answer(204),
        answer(200, b"x" * 1_000_000),
        raw(b"HTTP/1.0 200 OK\r\n\r\ntaken"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
)
def test_every_2xx_is_taken(store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep, play: Play) -> None:
    ended(store, clock, 1)
    receiver.plays = [play]
    assert sweep() == ["delivered"]


def test_a_body_without_end_is_not_read_to_its_end(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended(store, clock, 1)

    def endless(handler: Handler) -> None:
        handler.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:  # until the client has hung up
            handler.connection.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

    receiver.usual = endless
    assert sweep() == ["delivered"]


def test_an_unreachable_receiver_is_tried_once_and_then_left_in_peace(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended(store, clock, 20)
    receiver.usual = answer(500)
    assert sweep() == ["http_500"]
    clock.advance(PAUSE_MS - 1)
    assert sweep() == sweep(first=store.outbox.list()[-1].run) == []
    clock.advance(1)
    assert sweep() == ["http_500"]
    assert len(receiver.requests) == 2


def test_one_that_hangs_costs_its_time_once(store: Store, receiver: Receiver, hang: Hang, clock: ManualClock) -> None:
    ended(store, clock, 3)
    receiver.usual = hang
    settings = Settings(notifications=receiver.settings(timeout_s=1))
    assert [sent.problem for sent in notify_due(store, settings, clock)] == ["timed_out"]
    assert notify_due(store, settings, clock) == []
    assert len(receiver.requests) == 1


def test_an_answer_that_trickles_ends_in_time(store: Store, receiver: Receiver, clock: ManualClock) -> None:
    ended(store, clock, 1)
    over = threading.Event()

    def trickle(handler: Handler) -> None:
        while not over.wait(0.05):
            handler.connection.sendall(b"H")

    receiver.usual = trickle
    settings = Settings(notifications=receiver.settings(timeout_s=1))
    try:
        assert [sent.problem for sent in notify_due(store, settings, clock)] == ["timed_out"]
    finally:
        over.set()


def test_slow_answers_do_not_add_up(store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep) -> None:
    ended(store, clock, 5)

    def slow(handler: Handler) -> None:
        clock.advance(3_000)
        answer(204)(handler)

    receiver.usual = slow
    assert sweep() == ["delivered"] * 2
    assert sweep() == ["delivered"] * 2


def test_nothing_is_begun_by_who_was_asked_to_stop(store: Store, receiver: Receiver, clock: ManualClock) -> None:
    ended(store, clock, 1)
    settings = Settings(notifications=receiver.settings())
    assert notify_due(store, settings, clock, stopping=lambda: True) == []
    assert receiver.requests == []
    assert store.outbox.list()[0].attempts == 0


def test_who_gives_the_answer_up_has_reserved_and_somebody_else_sends_it(
    store: Store, other: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended(store, clock, 1)

    class GivenUp:
        def __enter__(self) -> None:
            raise KeyboardInterrupt

        def __exit__(self, *_: object) -> None: ...

    settings = Settings(notifications=receiver.settings())
    with pytest.raises(KeyboardInterrupt):
        notify_due(store, settings, clock, awaiting=GivenUp)
    [waiting] = other.outbox.list()
    assert (waiting.attempts, waiting.last_error, waiting.delivered_ms) == (1, None, None)
    assert sweep(other) == []
    clock.advance(LONGEST_MS)
    assert sweep(other) == ["delivered"]


# --- never given up ---


def test_it_is_failing_after_five_attempts_and_still_tried(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended(store, clock, 1)
    receiver.usual = answer(500)
    states = []
    for _ in range(30):
        sweep()
        states.append(store.outbox.list()[0].state)
        clock.advance(LONGEST_MS)
    assert states == ["pending"] * 4 + ["failing"] * 26
    assert store.outbox.counts() == {"pending": 0, "failing": 1, "delivered": 0}
    receiver.usual = answer(204)
    assert sweep() == ["delivered"]
    assert len(receiver.requests) == 31


def test_one_that_is_never_taken_keeps_no_other_waiting_for_long(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    poison, *others = ended(store, clock, 6)

    def refuse_one(handler: Handler) -> None:
        answer(500 if ids(receiver)[-1] == notification_id(poison.head) else 204)(handler)

    receiver.usual = refuse_one
    assert sweep() == ["http_500"]
    clock.advance(PAUSE_MS)
    assert sweep() == ["delivered"] * 5 + ["http_500"], "it falls back behind those that were not tried yet"
    assert [one.run for one in store.outbox.list()] == [poison.run]
    assert ids(receiver)[1:-1] == [notification_id(run.head) for run in others]


def test_what_the_receiver_says_of_one_event_puts_off_no_other(
    store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    """A receiver that does not take one type of events: the newest of another type does not wait for its turn."""
    poison = [notification_id(run.head) for run in ended(store, clock, 3, "escalated")]

    def take_all_but_the_type(handler: Handler) -> None:
        answer(422 if ids(receiver)[-1] in poison else 204)(handler)

    receiver.usual = take_all_but_the_type
    assert sweep() == ["http_422"] * 3
    newest = whole_run(store, 4, target="t4")
    assert sweep() == ["delivered"]
    assert ids(receiver) == [*poison, notification_id(newest.head)]
    clock.advance(PAUSE_MS)
    whole_run(store, 5, target="t5")
    assert sweep() == ["http_422"] * 3 + ["delivered"]


# --- several processes ---


def test_two_processes_at_once_send_each_once(
    store: Store, other: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep
) -> None:
    ended(store, clock, 20)
    with ThreadPoolExecutor(2) as pool:
        sent = [*pool.map(sweep, (store, other))]
    assert sum(map(len, sent)) == 20
    assert len(set(ids(receiver))) == len(receiver.requests) == 20


def test_what_another_process_sends_just_now_is_left_to_it(
    store: Store, other: Store, receiver: Receiver, hang: Hang, clock: ManualClock, sweep: Sweep
) -> None:
    first, second = ended(store, clock, 2)
    receiver.plays = [hang]
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(sweep, store)
        assert hang.reached.wait(60)
        assert sweep(other) == ["delivered"]
        assert ids(receiver) == [notification_id(first.head), notification_id(second.head)]
        hang.end()
        assert hanging.result() == ["broke_off"]


# --- now ---


def test_a_retry_does_not_wait(store: Store, receiver: Receiver, clock: ManualClock, sweep: Sweep) -> None:
    ended(store, clock, 3)
    receiver.plays = [answer(500)]
    assert sweep() == ["http_500"]
    settings = Settings(notifications=receiver.settings())
    assert [sent.problem for sent in retry(store, settings, clock, store.outbox.list())] == [None] * 3
    assert retry(store, settings, clock, store.outbox.list(delivered=True)) == []


@pytest.mark.parametrize(("status", "attempts"), [(500, 1), (422, 3)])
def test_a_retry_ends_at_a_fault_of_the_receiver_and_not_of_one_event(
    store: Store, receiver: Receiver, clock: ManualClock, status: int, attempts: int
) -> None:
    ended(store, clock, 3)
    receiver.plays = [answer(status)]
    settings = Settings(notifications=receiver.settings())
    assert len(retry(store, settings, clock, store.outbox.list())) == attempts
