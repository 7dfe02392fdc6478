"""Proxies, netrc and CA variables of the environment do not lead the question anywhere else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import requests
from tests.cluster.faulty_server import certificate
from tests.core.questions import DOCUMENT
from tests.fakes.gate import PINS, ScriptedGate, well
from tests.gate.conftest import Connect, Serve

from runbook_gate.core.acceptance import Accepted
from runbook_gate.errors import NoDecision, SidecarFault
from runbook_gate.gate.client import Address, OpaGate

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@pytest.fixture(autouse=True)
def _no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_proxy_of_the_environment_is_not_asked(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(well)
    with ScriptedGate(well) as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, proxy.url)
        assert requests.post("http://gate.example/", json={"input": DOCUMENT}, timeout=5).ok  # others do ask it
        assert len(proxy.asked) == 1
        gate = connect(server.address)
        assert isinstance(gate.ask(DOCUMENT, PINS).outcome, Accepted)
        assert gate.revision() == (PINS.opa_version, PINS.content_sha256)
        assert len(proxy.asked) == 1


def test_a_netrc_is_not_read(serve: Serve, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login a password b\nmachine 127.0.0.1 login a password b\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedGate(well) as other:
        requests.post(other.url, json={"input": DOCUMENT}, timeout=5)
        assert other.asked[0].headers["authorization"] == f"Basic {base64.b64encode(b'a:b').decode()}"
    server = serve(well)
    connect(server.address).ask(DOCUMENT, PINS)
    assert "authorization" not in server.asked[0].headers


def test_a_certificate_authority_of_the_environment_is_not_trusted(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedGate(well, tls=certificate(tmp_path)) as server:
        for name in CERTIFICATES:
            monkeypatch.setenv(name, str(tmp_path / "ca.crt"))
        assert requests.post(server.url, json={"input": DOCUMENT}, timeout=5).status_code == 200  # others do trust it
        exchange = connect(Address(url=server.url)).ask(DOCUMENT, PINS)
        assert isinstance(exchange.outcome, NoDecision)
        assert exchange.outcome.code == "no_decision.unreachable"
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://opa.example:8181",
        "http://10.0.0.7:8181",
        "http://0.0.0.0:8181",
        "http://127.0.0.1.example:8181",
        "http://localhost.example:8181",
        "http://[2001:db8::1]:8181",
    ],
)
def test_plain_http_beyond_loopback_is_refused(url: str) -> None:
    with pytest.raises(SidecarFault, match="plain http beyond loopback"):
        OpaGate(Address(url=url), timeout_s=1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opa.example",
        "ftp://127.0.0.1:8181",
        "unix:///run/opa.sock",
        "http://",
        "http://:8181",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://[::1",
        "http://127.0.0.1:8181@opa.example",
        "http://user:password@127.0.0.1:8181",
        "http://127.0.0.1:8181/v1",
        "http://127.0.0.1:8181?x=y",
        "http://127.0.0.1:8181#x",
    ],
)
def test_a_url_that_is_not_just_a_place_is_refused(url: str) -> None:
    with pytest.raises(SidecarFault, match="not of the form") as refused:
        OpaGate(Address(url=url), timeout_s=1)
    assert "password" not in str(refused.value)


@pytest.mark.parametrize("address", [Address(), Address(socket="/run/opa.sock", url="http://127.0.0.1:8181")])
def test_one_place_is_named(address: Address) -> None:
    with pytest.raises(SidecarFault, match="given twice or not at all"):
        OpaGate(address, timeout_s=1)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://127.0.0.1:8181", ("127.0.0.1", 8181, False)),
        ("http://127.0.0.1:8181/", ("127.0.0.1", 8181, False)),
        ("HTTP://LOCALHOST", ("localhost", 80, False)),
        ("http://[::1]:8181", ("[::1]", 8181, False)),
        ("http://127.3.2.1:1", ("127.3.2.1", 1, False)),
        ("https://opa.example", ("opa.example", 443, True)),
        ("https://[2001:db8::1]:8443", ("[2001:db8::1]", 8443, True)),
    ],
)
def test_loopback_and_https_are_places_to_ask(url: str, endpoint: tuple[str, int, bool]) -> None:
    assert Address(url=url).checked() == endpoint
