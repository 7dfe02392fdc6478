"""A register over HTTPS: what is an answer, what is none, and what is never asked or trusted."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.faulty_server import (
    Behaviour,
    answer,
    certificate,
    garbage_below_tls,
    nothing,
    reset,
    serving,
    then_close,
    trickle,
)
from tests.fakes.names import Names
from tests.registers.reference_server import Document, RegisterServer
from tests.registers.test_projection import ENVELOPE, SECRET, TARGET, WAIVER

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import RegisterEndpoint
from runbook_gate.models.register import RegisterAnswer, WaiverRecord
from runbook_gate.processes import free_port
from runbook_gate.registers.https import MAX_SIZE, HttpsRegister
from runbook_gate.registers.pages import MOST_PAGES
from runbook_gate.registers.projection import register_answer
from runbook_gate.registers.protocol import RawAnswer
from runbook_gate.registers.records import waiver

NAME = "platform_exceptions"


def document(*waivers: Document) -> Document:
    records = list(waivers)
    return {**ENVELOPE, "records": records, "total": len(records)}


THREE = document(*({**WAIVER, "id": f"EXC-{number}"} for number in range(3)))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RegisterServer]:
    with RegisterServer.start(tmp_path / "server", lambda register: THREE) as started:
        yield started


# Longer than may be configured, so that a loaded machine never decides what a test sees.
LONG_S = 120


def patient(endpoint: RegisterEndpoint, stated: Mapping[str, Any]) -> RegisterEndpoint:
    return endpoint if "timeout_s" in stated else endpoint.model_copy(update={"timeout_s": LONG_S})


def read(server: RegisterServer, **changes: Any) -> RawAnswer:
    return HttpsRegister(patient(server.endpoint(NAME, **changes), changes), SystemClock()).read()


def kept(server: RegisterServer, **changes: Any) -> RegisterAnswer[WaiverRecord]:
    projected = register_answer(read(server, **changes), TARGET, waiver)
    assert SECRET not in projected.model_dump_json()
    return projected


def told(answer: RawAnswer | RegisterAnswer[WaiverRecord]) -> tuple[str, str | None]:
    return answer.outcome, answer.problem


# --- answers ---


def test_one_page_is_kept_like_a_file(server: RegisterServer) -> None:
    answer = read(server)
    assert (told(answer), answer.pages) == (("answered", None), (json.dumps({**THREE, "next": None}).encode(),))
    assert abs(answer.read_at_ms - SystemClock().read().at_ms) < 60_000
    assert server.token not in repr(answer)
    assert SECRET not in repr(answer)


@pytest.mark.parametrize("page_size", [1, 2, 3])
def test_pages_are_one_answer(server: RegisterServer, page_size: int) -> None:
    server.page_size = page_size
    answer = kept(server)
    assert [record.id for record in answer.records] == ["EXC-0", "EXC-1", "EXC-2"]
    assert (told(answer), answer.complete, answer.total, answer.dropped) == (("answered", None), True, 3, 0)
    pages = [json.dumps(server.page(NAME, number)).encode() for number in range(len(server.asked))]
    assert answer.sha256 == hashlib.sha256(b"".join(pages)).hexdigest()
    assert len(pages) == -(-3 // page_size)


def test_an_empty_register_is_an_answer(server: RegisterServer) -> None:
    server.documents = lambda register: document()
    assert (told(kept(server)), kept(server).total) == (("answered", None), 0)


def test_the_token_is_read_anew_each_time(server: RegisterServer) -> None:
    register = HttpsRegister(patient(server.endpoint(NAME), {}), SystemClock())
    assert register.read().outcome == "answered"
    server.rotate()
    assert register.read().outcome == "answered"
    assert server.refused == 0


def test_the_authorities_are_read_anew_each_time(server: RegisterServer, tmp_path: Path) -> None:
    register = HttpsRegister(patient(server.endpoint(NAME), {}), SystemClock())
    other = RegisterServer(server.folder, server.documents, token=server.token)
    with other.serving(certificate(server.folder)):
        moved = HttpsRegister(patient(other.endpoint(NAME), {}), SystemClock())
        assert moved.read().outcome == "answered"
    assert told(register.read()) == ("unanswered", "certificate")


def test_a_type_with_parameters_and_a_chunked_body_are_an_answer(tmp_path: Path) -> None:
    body = json.dumps(document()).encode()
    kind = b"Content-Type: application/vnd.cmdb+JSON; charset=utf-8\r\nTransfer-Encoding: chunked"
    head = b"HTTP/1.1 200 OK\r\n%s\r\n\r\n" % kind
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with serving(lambda stream: stream.sendall(head + chunks), certificate(tmp_path)) as faulty:
        assert one_read(tmp_path, faulty.port).pages == (body,)


# --- no answer, or a wrong one ---


def one_read(folder: Path, port: int, *, scheme: str = "https", host: str = "127.0.0.1", **changes: Any) -> RawAnswer:
    stated = {"url": f"{scheme}://{host}:{port}/", "ca_file": folder / "ca.crt", **changes}
    return HttpsRegister(patient(RegisterEndpoint.model_validate(stated), changes), SystemClock()).read()


BODY = json.dumps({**THREE, "next": None}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sends(*parts: bytes) -> Behaviour:
    def act(stream: Any) -> None:
        for part in parts:
            stream.sendall(part)

    return then_close(act)


def endless(head: bytes, part: bytes) -> Behaviour:
    """As fast as it is read, and never over."""

    def act(stream: Any) -> None:
        stream.sendall(head)
        while True:
            stream.sendall(part)

    return act


def body_then_nothing(stream: Any) -> None:
    stream.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:-1])
    threading.Event().wait(30)


def slow_body(stream: Any) -> None:
    stream.sendall(CHUNKED)
    trickle(b"1\r\n \r\n" * 100)(stream)


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def typed(header: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (header, len(BODY), BODY)


HTML = b"<!doctype html><title>planted-secret</title>"
FAULTS: dict[str, tuple[str, str, Behaviour]] = {
    "hangs up": ("unanswered", "broke_off", sends()),
    "resets": ("unanswered", "broke_off", reset),
    "no HTTP": ("unanswered", "broke_off", sends(b"hello there\r\n\r\n")),
    "truncated": ("unanswered", "broke_off", then_close(answer("200 OK", BODY[:50], length=len(BODY)))),
    "truncated in a chunk": ("unanswered", "broke_off", sends(CHUNKED, b"%x\r\n" % len(BODY), BODY[:50])),
    "truncated after a chunk": ("unanswered", "broke_off", sends(CHUNKED, b"%x\r\n%s\r\n" % (len(BODY), BODY))),
    "truncated in its head": ("unanswered", "broke_off", sends(b"HTTP/1.1 200 OK\r\nContent-Ty")),
    "of no known length": ("unanswered", "broke_off", sends(HEAD + b"\r\n", BODY)),
    "429": ("unanswered", "http_429", answer("429 Slow down", b"{}", "Retry-After: 0")),
    "500": ("unanswered", "http_500", answer("500 Oops", BODY)),
    "503": ("unanswered", "http_503", answer("503 Later", BODY, "Retry-After: 0")),
    "404": ("missing", "http_404", answer("404 Not Found", BODY)),
    "410": ("missing", "http_410", answer("410 Gone", BODY)),
    "401": ("malformed", "http_401", answer("401 Unauthorized", BODY, "WWW-Authenticate: Basic")),
    "403": ("malformed", "http_403", answer("403 Forbidden", BODY)),
    "204": ("malformed", "http_204", answer("204 No Content", b"")),
    "206": ("malformed", "http_206", answer("206 Partial Content", BODY)),
    "304": ("malformed", "redirect", answer("304 Not Modified", b"")),
    "huge": ("malformed", "too_large", answer("200 OK", b" " * (MAX_SIZE + 1))),
    "huge, in chunks": ("malformed", "too_large", endless(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n")),
    "HTML": ("malformed", "not_json", answer("200 OK", HTML)),
    "HTML of its own type": (
        "malformed",
        "not_json",
        sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 44\r\n\r\n", HTML),
    ),
    "JSON as HTML": ("malformed", "not_json", sends(typed(b"Content-Type: text/html\r\n"))),
    "JSON of no type": ("malformed", "not_json", sends(typed(b""))),
    "YAML": ("malformed", "not_json", answer("200 OK", b"complete: true\n")),
    "empty": ("malformed", "empty", answer("200 OK", b"")),
    "compressed": ("malformed", "encoded", answer("200 OK", BODY, "Content-Encoding: gzip")),
    "a key twice": ("malformed", "duplicate_key", answer("200 OK", b'{"total": 1, "total": 2}')),
    "nested too deeply": ("malformed", "too_deep", answer("200 OK", b"[" * 10_000)),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_no_answer_or_a_wrong_one_and_nothing_is_asked_twice(tmp_path: Path, what: str) -> None:
    outcome, problem, behaviour = FAULTS[what]
    with serving(behaviour, certificate(tmp_path)) as faulty:
        got = one_read(tmp_path, faulty.port)
    assert (told(got), got.pages) == ((outcome, problem), ())
    assert len(faulty.requests) == 1


LATE: dict[str, Behaviour] = {
    "no answer": nothing,
    "a slow head": trickle(HEAD * 100),
    "a slow body": slow_body,
    "a body that stops": body_then_nothing,
    "endless headers, slowly": trickle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50),
}


@pytest.mark.parametrize("what", LATE)
def test_the_deadline_holds_for_the_whole_answer(tmp_path: Path, what: str) -> None:
    with serving(LATE[what], certificate(tmp_path)) as faulty:
        assert told(one_read(tmp_path, faulty.port, timeout_s=1)) == ("unanswered", "timed_out")


def test_the_deadline_holds_for_all_pages_together(server: RegisterServer) -> None:
    """No page is late by itself."""
    server.page_size = 1
    server.documents = lambda register: document(*({**WAIVER, "id": f"EXC-{number}"} for number in range(90)))

    def slowly(page: Document, number: int) -> Document:
        threading.Event().wait(0.2)
        return page

    server.altered[NAME] = slowly
    began = time.monotonic()
    assert told(read(server, timeout_s=1)) == ("unanswered", "timed_out")
    assert time.monotonic() - began < 15
    assert len(server.asked) < 10


def test_a_server_that_does_not_speak_tls(tmp_path: Path) -> None:
    with serving(garbage_below_tls, certificate(tmp_path)) as faulty:
        assert told(one_read(tmp_path, faulty.port)) == ("unanswered", "tls")


def test_a_handshake_that_hangs(tmp_path: Path) -> None:
    certificate(tmp_path)
    with serving(nothing) as faulty:
        assert told(one_read(tmp_path, faulty.port, timeout_s=1))[0] == "unanswered"
    assert faulty.requests == []


def test_nobody_listens(tmp_path: Path) -> None:
    certificate(tmp_path)
    assert told(one_read(tmp_path, free_port())) == ("unanswered", "refused")


def test_a_silent_name_server_counts_against_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate(tmp_path)
    with Names.told(monkeypatch) as names:
        got = one_read(tmp_path, 443, host="registers.example", timeout_s=1)
        assert names.asked.is_set()
    assert told(got) == ("unanswered", "timed_out")


# --- whom it trusts, and where it goes ---


@pytest.mark.parametrize("host", ["127.0.0.2", "10.0.0.1"])
def test_a_certificate_for_another_host(tmp_path: Path, host: str) -> None:
    with serving(answer("200 OK", BODY), certificate(tmp_path, host)) as faulty:
        assert told(one_read(tmp_path, faulty.port)) == ("unanswered", "certificate")
    assert faulty.requests == []


def test_a_certificate_that_nobody_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither without a file of authorities, nor because the environment names one."""
    with serving(answer("200 OK", BODY), certificate(tmp_path)) as faulty:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(tmp_path / "ca.crt"))
        assert told(one_read(tmp_path, faulty.port, ca_file=None)) == ("unanswered", "certificate")
    assert faulty.requests == []


def test_the_proxies_of_the_environment_are_ignored(server: RegisterServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert read(server).outcome == "answered"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(server: RegisterServer, tmp_path: Path, status: str) -> None:
    there = f"Location: https://127.0.0.1:{server.port}/v1/{NAME}"
    with serving(answer(status, BODY, there), certificate(tmp_path)) as faulty:
        assert told(one_read(tmp_path, faulty.port)) == ("malformed", "redirect")
    assert (len(faulty.requests), server.asked, server.refused) == (1, [], 0)


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"two words", b"a\nb", b"\xff", b"x" * 20_000], ids=lambda content: repr(content)[:12]
)
def test_a_file_without_a_token_asks_nothing(server: RegisterServer, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    assert told(read(server, token_file=file)) == ("unanswered", "no_token")
    assert (server.asked, server.refused) == ([], 0)


def test_authorities_that_are_none_ask_nothing(server: RegisterServer, tmp_path: Path) -> None:
    (tmp_path / "odd.crt").write_text("planted")
    for file in (tmp_path / "none.crt", tmp_path / "odd.crt"):
        assert told(read(server, ca_file=file)) == ("unanswered", "no_ca")
    assert server.asked == []


def test_without_a_token_none_is_sent(server: RegisterServer) -> None:
    assert told(read(server, token_file=None)) == ("malformed", "http_401")
    assert server.refused == 1


def test_plain_http_on_loopback(tmp_path: Path) -> None:
    certificate(tmp_path)
    with serving(answer("200 OK", BODY)) as faulty:
        assert one_read(tmp_path, faulty.port, scheme="http").pages == (BODY,)


def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    context = certificate(tmp_path)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(answer("200 OK", BODY), context) as faulty:
        assert told(one_read(tmp_path, faulty.port)) == ("unanswered", "tls")


# --- pages ---


def altered(server: RegisterServer, at: int, **changes: Any) -> None:
    server.page_size = 1
    server.altered[NAME] = lambda page, number: {**page, **changes} if number == at else page


@pytest.mark.parametrize(
    "following",
    [
        "https://127.0.0.2/v1/x",
        "//127.0.0.2/v1/x",
        "/\\127.0.0.2/x",
        "v1/x",
        "?page=1",
        "@127.0.0.2/",
        "/x y",
        "/x\r\nHost: y",
        "/x#y",
        "/ü",
        "",
        "/" + "x" * 2001,
        5,
        True,
        ["/x"],
    ],
    ids=lambda following: repr(following)[:20],
)
def test_a_next_page_is_a_path_on_the_same_server(server: RegisterServer, following: Any) -> None:
    altered(server, 0, next=following)
    assert told(read(server)) == ("malformed", "next_elsewhere")
    assert len(server.asked) == 1


def test_a_page_that_is_missing(server: RegisterServer) -> None:
    """The pages end too early, or one is skipped: the total is larger than what came, which the gate denies."""
    altered(server, 0, next=None)
    assert (kept(server).total, len(kept(server).records)) == (3, 1)
    altered(server, 0, next=f"/v1/{NAME}?page=2")
    assert (kept(server).total, len(kept(server).records)) == (3, 2)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("404 Not Found", ("malformed", "page_missing")),
        ("410 Gone", ("malformed", "page_missing")),
        ("503 Later", ("unanswered", "http_503")),
        ("302 Found", ("malformed", "redirect")),
    ],
)
def test_a_later_page_that_does_not_come(tmp_path: Path, status: str, expected: tuple[str, str]) -> None:
    first = answer("200 OK", json.dumps({**THREE, "next": "/two"}).encode())
    answers = iter([first, answer(status, BODY)])

    def act(stream: Any) -> None:
        next(answers)(stream)

    with serving(act, certificate(tmp_path)) as faulty:
        assert told(one_read(tmp_path, faulty.port)) == expected
    assert len(faulty.requests) == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"as_of": "2026-11-20T10:00:01Z"}, ("unanswered", "pages_moved")),
        ({"version": "4712"}, ("unanswered", "pages_moved")),
        ({"total": 4}, ("unanswered", "pages_moved")),
        ({"schema": "platform_exceptions/2"}, ("malformed", "pages_differ")),
        ({"source_id": "another"}, ("malformed", "pages_differ")),
        ({"scope": {"cluster_id": "mks-2"}}, ("malformed", "pages_differ")),
        ({"complete": False}, ("malformed", "pages_differ")),
        ({"records": None}, ("malformed", "envelope_records")),
        ({"records": [THREE["records"][0]]}, ("unanswered", "record_twice")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value[1],
)
def test_pages_of_one_answer_say_the_same(
    server: RegisterServer, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    altered(server, 1, **changes)
    answer = kept(server)
    assert (told(answer), answer.records, answer.total) == (expected, [], None)


def test_pages_in_a_circle(server: RegisterServer) -> None:
    altered(server, 2, next=f"/v1/{NAME}?page=1")
    assert told(read(server)) == ("malformed", "next_repeats")
    assert len(server.asked) == 3


def test_pages_without_end(server: RegisterServer) -> None:
    server.altered[NAME] = lambda page, number: {**page, "next": f"/v1/{NAME}?page={number + 1}"}
    assert told(read(server)) == ("malformed", "too_many_pages")
    assert len(server.asked) == MOST_PAGES


def test_the_size_limit_holds_for_all_pages_together(server: RegisterServer) -> None:
    """No page is too large by itself."""
    server.page_size = 1
    server.altered[NAME] = lambda page, number: {**page, "note": "x" * (MAX_SIZE // 2)}
    assert told(read(server)) == ("malformed", "too_large")
