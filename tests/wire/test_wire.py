"""A request is over when its time is up, at whatever moment that comes."""

from __future__ import annotations

import socket
import threading

import pytest

from runbook_gate.wire.wire import NotSentError, Wire

LONG_S = 20.0


def test_a_connection_that_came_too_late_ends_at_once() -> None:
    """No read of a TLS handshake would ever end it."""
    ours, theirs = socket.socketpair()
    wire, over = Wire(), threading.Event()
    with ours, theirs:
        ours.settimeout(LONG_S)
        theirs.settimeout(LONG_S)
        with wire.request(0.01):
            while not wire.expired:
                over.wait(0.01)
            wire.hold(ours)
            assert ours.recv(1) == theirs.recv(1) == b""
            with pytest.raises(NotSentError):
                wire.before_send()
            with pytest.raises(TimeoutError):
                wire.left()


def test_a_connection_that_is_held_ends_in_time() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire()
    with ours, theirs, wire.request(0.05):
        wire.hold(ours)
        assert 0 < wire.left() <= 0.05
        ours.settimeout(LONG_S)
        theirs.settimeout(LONG_S)
        assert theirs.recv(1) == b""
    assert wire.expired


def test_the_end_of_one_request_is_not_that_of_the_next() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire()
    with ours, theirs:
        for _ in range(2):
            with wire.request(LONG_S):
                wire.hold(ours)
                wire.before_send()
                ours.sendall(b"x")
                assert theirs.recv(1) == b"x"
                wire.after_answer()
