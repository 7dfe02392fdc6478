"""Registers over HTTPS: good ones complete the main job, and whatever else they do is a wait or a denial, never a go.

The faults are asked of the shipped bundle in a real OPA, with the namespace on the real API server, through
`run --plan`: what the next run would do. Which bytes make which problem, tests/registers/test_https.py says.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.faulty_server import Behaviour, answer, certificate, nothing, then_close, trickle
from tests.registers.reference_server import Alteration, Document, RegisterServer
from tests.scenarios.ledgers import values
from tests.scenarios.theatre import Theatre, assert_completed, assert_escalated
from tests.scenarios.wires.company import assert_kept

from runbook_gate.demo.stage import CLUSTER_ID, REGISTERS

CHECK = dict.fromkeys(REGISTERS, "register_agreement") | {"platform_exceptions": "waiver_absence"}
ELSEWHERE = tuple(
    {
        "id": f"EXC-{number}",
        "status": "open",
        "note": "cmdb-note",
        "scope": {"cluster_id": CLUSTER_ID, "namespace": f"other-{number}"},
    }
    for number in range(5)
)


@pytest.fixture
def server(theatre: Theatre) -> Iterator[RegisterServer]:
    """All four registers, which the theatre's target fills, five waivers of others among them."""
    theatre.state(waivers=ELSEWHERE)

    def document(register: str) -> Document:
        return theatre.target.register(register)

    with RegisterServer.start(theatre.folder / "registers", document) as started:
        places = {name: started.endpoint(name, timeout_s=10) for name in REGISTERS}
        theatre.settings = theatre.settings.model_copy(update={"registers": places})
        yield started


# --- good ones ---


def test_the_main_job_with_four_registers_over_https(theatre: Theatre, server: RegisterServer) -> None:
    """Two waivers a page, and a token that is another one after each answer of the gate."""
    server.page_size = 2
    for moment in ("decided:cp0:proceed", "decided:cp1:proceed", "decided:cp3:proceed"):
        theatre.director.cues[moment] = lambda entry: server.rotate()
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert_kept(theatre)
    assert (len(server.asked), server.refused) == (2 * (3 + 3), 0)
    gathered = [entry.body["registers"] for entry in theatre.history().observations("gather", step="restore")]
    shown = [(one["platform_exceptions"]["total"], one["platform_exceptions"]["dropped"]) for one in gathered]
    assert shown == [(5, 5), (5, 5)]
    kept = b"".join(path.read_bytes() for path in theatre.folder.glob("ledger.sqlite*"))
    kept += b"".join(row for _, row in values(theatre.settings.store))
    assert theatre.namespace.encode() in kept
    assert b"cmdb-note" not in kept
    assert b"other-1" not in kept
    assert not [token for token in server.tokens if token.encode() in kept]


def test_an_open_waiver_on_the_last_page(theatre: Theatre, server: RegisterServer) -> None:
    waiver = {"id": "EXC-9", "status": "open", "scope": {"cluster_id": CLUSTER_ID, "namespace": theatre.namespace}}
    theatre.state(waivers=(*ELSEWHERE, waiver))
    server.page_size = 2
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "waiver_absence.open_waiver", origin="cp1")
    assert_kept(theatre)


def test_a_register_that_comes_back(theatre: Theatre, server: RegisterServer) -> None:
    """A wait is one: the run goes on by itself."""
    server.faults["platform_exceptions"] = answer("503 Later", b"")
    theatre.director.cues["decided:cp1:wait"] = lambda entry: server.faults.clear()
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert theatre.way()[:3] == ["cp0 proceed", "cp1 wait", "cp1 proceed"]
    assert_kept(theatre)


def test_a_register_that_redirects_before_the_completion(theatre: Theatre, server: RegisterServer) -> None:
    def moved(entry: object) -> None:
        server.faults["platform_exceptions"] = answer("302 Found", b"", "Location: https://127.0.0.1/login")

    theatre.director.cues["decided:cp3:proceed"] = moved
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "waiver_absence.malformed", origin="cp4", writes=1)
    assert_kept(theatre)


# --- everything else ---


def silent(stream: Any) -> None:
    """Until the other side goes away."""
    stream.recv(1)


def endless(stream: Any) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        stream.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


HUGE = b'{"records": [' + b'"x",' * 300_000 + b'"x"]}'
HTML = b"<!doctype html><title>Sign in</title>"
GOOD_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n"
WAIT, DENIED = "wait", "escalate"
# What the server does: the verdict, the code, and the problem that the denial names.
FAULTS: dict[str, tuple[str, str, str, Behaviour]] = {
    "slow": (WAIT, "unanswered", "timed_out", trickle(GOOD_HEAD)),
    "silent": (WAIT, "unanswered", "timed_out", silent),
    "hanging up": (WAIT, "unanswered", "broke_off", then_close(nothing)),
    "truncated": (WAIT, "unanswered", "broke_off", then_close(answer("200 OK", b'{"schema":', length=400))),
    "overloaded": (WAIT, "unanswered", "http_429", answer("429 Slow Down", b"{}", "Retry-After: 0")),
    "failing": (WAIT, "unanswered", "http_500", answer("500 Oops", b"{}")),
    "endless": (DENIED, "malformed", "too_large", endless),
    "huge": (DENIED, "malformed", "too_large", answer("200 OK", HUGE)),
    "redirecting": (DENIED, "malformed", "redirect", answer("307 Elsewhere", b"", "Location: https://127.0.0.1/x")),
    "returning HTML": (DENIED, "malformed", "not_json", answer("200 OK", HTML)),
    "returning HTML as HTML": (DENIED, "malformed", "not_json", answer("200 OK", HTML, "Content-Type: text/html")),
    "returning nothing": (DENIED, "malformed", "empty", answer("200 OK", b"")),
    "returning another document": (DENIED, "malformed", "envelope_schema", answer("200 OK", b"{}")),
    "unauthorized": (DENIED, "malformed", "http_401", answer("401 Unauthorized", b"{}")),
    "not there": (DENIED, "missing", "http_404", answer("404 Not Found", b"{}")),
}


def assert_planned(theatre: Theatre, register: str, verdict: str, code: str, problem: str | None = None) -> None:
    """The next run would wait or escalate with this one code of the register's check, and nothing was written."""
    theatre.submit()
    decision = theatre.plan()
    assert (decision.checkpoint, decision.verdict) == ("cp1", verdict)
    # What only a sound register can agree with is told beside it.
    told = {denial.code for denial in decision.denials}
    assert f"{CHECK[register]}.{code}" in told
    if verdict == WAIT:
        assert told == {f"{CHECK[register]}.{code}"}
    if problem is not None:
        facts = [dict(denial.facts) for denial in decision.denials if denial.code == f"{CHECK[register]}.{code}"]
        assert facts[0][f"input.observed.gather.body.registers.{register}.problem"] == problem
    assert theatre.labels() == {}


# Each fault of the one register in which nothing being there is good news, and one of each kind of another.
ASKED = [("platform_exceptions", fault) for fault in FAULTS] + [
    ("cluster_inventory", fault) for fault in ("hanging up", "redirecting", "not there")
]


@pytest.mark.parametrize(("register", "fault"), ASKED)
def test_a_register_that_is(theatre: Theatre, server: RegisterServer, register: str, fault: str) -> None:
    verdict, code, problem, behaviour = FAULTS[fault]
    server.faults[register] = behaviour
    if problem == "timed_out":
        places = {**theatre.settings.registers, register: server.endpoint(register, timeout_s=1)}
        theatre.settings = theatre.settings.model_copy(update={"registers": places})
    assert_planned(theatre, register, verdict, code, problem)


def on_page(number: int, **changes: Any) -> Alteration:
    return lambda page, at: {**page, **changes} if at == number else page


PAGES: dict[str, tuple[str, str, str | None, Alteration]] = {
    "that end too early": (DENIED, "incomplete", None, on_page(1, next=None)),
    "of which one is skipped": (DENIED, "incomplete", None, on_page(0, next="/v1/platform_exceptions?page=2")),
    "of which one is empty": (DENIED, "incomplete", None, on_page(1, records=[])),
    "that say they are not all": (DENIED, "incomplete", None, lambda page, at: {**page, "complete": False}),
    "of which one comes twice": (WAIT, "unanswered", "record_twice", on_page(1, records=list(ELSEWHERE[:2]))),
    "that move": (WAIT, "unanswered", "pages_moved", on_page(1, version="4712")),
    "of two registers": (DENIED, "malformed", "pages_differ", on_page(1, source_id="another")),
    "in a circle": (DENIED, "malformed", "next_repeats", on_page(2, next="/v1/platform_exceptions")),
    "elsewhere": (DENIED, "malformed", "next_elsewhere", on_page(0, next="https://127.0.0.2/v1/platform_exceptions")),
}


@pytest.mark.parametrize("pages", PAGES)
def test_pages(theatre: Theatre, server: RegisterServer, pages: str) -> None:
    verdict, code, problem, change = PAGES[pages]
    server.page_size = 2
    server.altered["platform_exceptions"] = change
    assert_planned(theatre, "platform_exceptions", verdict, code, problem)


@contextlib.contextmanager
def served_with(server: RegisterServer, tls: ssl.SSLContext) -> Iterator[RegisterServer]:
    other = RegisterServer(server.folder, server.documents, token=server.token)
    with other.serving(tls):
        yield other


@pytest.mark.parametrize("wrong", ["authority", "host", "none"])
def test_a_wrong_certificate(theatre: Theatre, server: RegisterServer, tmp_path: Path, wrong: str) -> None:
    """Of an authority that is not the configured one; of another host; where only the system's are trusted."""
    (tmp_path / "other").mkdir()
    tls = certificate(tmp_path / "other", "10.0.0.1" if wrong == "host" else "127.0.0.1")
    trust = {"authority": server.folder / "ca.crt", "host": tmp_path / "other" / "ca.crt", "none": None}[wrong]
    with served_with(server, tls) as other:
        place = other.endpoint("platform_exceptions", ca_file=trust)
        theatre.settings = theatre.settings.model_copy(
            update={"registers": {**theatre.settings.registers, "platform_exceptions": place}}
        )
        assert_planned(theatre, "platform_exceptions", WAIT, "unanswered", "certificate")
        assert other.asked == []
