"""One POST: TLS, and what is never trusted, followed or read."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from tests.cluster.faulty_server import certificate
from tests.notifications.receiver import Receiver, answer

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Notifications
from runbook_gate.notifications.webhook import Webhook
from runbook_gate.processes import free_port

LONG_S = 120
ID = "evt-00000000000000000000000000000000"


def send(receiver: Notifications) -> str | None:
    return Webhook(receiver, SystemClock()).send(ID, b"{}", LONG_S)


def test_over_tls(tmp_path: Path) -> None:
    with Receiver.start(tmp_path / "tls", tls=True) as receiver:
        assert send(receiver.settings()) is None
        receiver.take(receiver.requests[0])
        stranger = tmp_path / "stranger"
        stranger.mkdir()
        certificate(stranger)
        assert send(receiver.settings(ca_file=stranger / "ca.crt")) == "certificate"
        assert send(receiver.settings(ca_file=None)) == "certificate"
        assert send(receiver.settings(ca_file=tmp_path / "nowhere")) == "no_ca"
        assert len(receiver.requests) == 1


def test_tls_spoken_to_who_does_not(receiver: Receiver) -> None:
    url = f"https://127.0.0.1:{receiver.port}/"
    assert send(receiver.settings(url=url)) in {"tls", "broke_off"}
    assert receiver.requests == []


def test_nobody_listens(receiver: Receiver) -> None:
    assert send(receiver.settings(url=f"http://127.0.0.1:{free_port()}/")) == "refused"


def test_no_redirect_is_followed(tmp_path: Path, receiver: Receiver) -> None:
    with Receiver.start(tmp_path / "elsewhere") as elsewhere:
        for status in (301, 302, 307, 308):
            receiver.plays = [answer(status, b"", f"Location: http://127.0.0.1:{elsewhere.port}/")]
            assert send(receiver.settings()) == "redirect"
        assert elsewhere.requests == []


def test_the_environment_is_not_asked(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver.start(tmp_path / "proxy") as proxy:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password hunter2\n")
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(receiver.settings()) is None
        assert proxy.requests == []
    [request] = receiver.requests
    assert not {"authorization", "cookie"} & set(request.headers)
    assert request.headers["user-agent"].startswith("runbook-gate/")


def test_certificate_variables_are_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver.start(tmp_path / "tls", tls=True) as receiver:
        monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(tmp_path / "tls" / "ca.crt"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "tls" / "ca.crt"))
        assert send(receiver.settings(ca_file=None)) == "certificate"
