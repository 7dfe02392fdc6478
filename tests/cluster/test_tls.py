"""TLS is verified, always; what fails before the request is sent was certainly not done."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.cluster import faulty_server as faulty
from tests.cluster.faulty_server import answer, certificate, serving
from tests.cluster.test_one_request import CALLS, client

from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.errors import InvalidDocument


def test_a_trusted_certificate_is_accepted(tmp_path: Path) -> None:
    with serving(answer("200 OK"), certificate(tmp_path)) as server:
        access = client(tmp_path, f"https://127.0.0.1:{server.port}", **{"certificate-authority": "ca.crt"})
        with access.open(5) as connection:
            assert [call(connection).status for call in CALLS.values()] == [200] * 3


@pytest.mark.parametrize("method", CALLS)
def test_a_broken_record_is_lost_and_sent_once(tmp_path: Path, method: str) -> None:
    with serving(faulty.garbage_below_tls, certificate(tmp_path)) as server:
        access = client(tmp_path, f"https://127.0.0.1:{server.port}", **{"certificate-authority": "ca.crt"})
        with access.open(5) as connection:
            assert CALLS[method](connection).outcome == "lost"
        time.sleep(0.05)
    assert len(server.requests) == 1


@pytest.mark.parametrize("what", ["unknown authority", "another host", "no TLS"])
def test_a_server_that_is_not_the_one_gets_no_request(tmp_path: Path, what: str) -> None:
    context = certificate(tmp_path, "127.0.0.2" if what == "another host" else "127.0.0.1")
    trusted = {} if what == "unknown authority" else {"certificate-authority": "ca.crt"}
    with serving(answer("200 OK"), None if what == "no TLS" else context) as server:
        access = client(tmp_path, f"https://127.0.0.1:{server.port}", **trusted)
        for call in CALLS.values():
            with access.open(0.5) as connection:
                assert call(connection).outcome == "refused"
    assert server.requests == []


def test_an_authority_of_the_environment_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer("200 OK"), certificate(tmp_path)) as server:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(tmp_path / "ca.crt"))
        with client(tmp_path, f"https://127.0.0.1:{server.port}").open(2) as connection:
            assert connection.read_namespace("payments").outcome == "refused"


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "http://api.example.com", "ftp://127.0.0.1", "https://user:pw@127.0.0.1", "https://", ""]
)
def test_an_address_without_tls_is_refused(tmp_path: Path, url: str) -> None:
    access = faulty.kubeconfig(tmp_path, "https://127.0.0.1:1")
    with pytest.raises(InvalidDocument, match="expected https") as fault:
        ClusterClient(access, None, Endpoint("api-1", url or "x"), SystemClock())
    assert "pw" not in str(fault.value)


def test_skipping_verification_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="insecure-skip-tls-verify"):
        client(tmp_path, "https://127.0.0.1:1", **{"insecure-skip-tls-verify": True})


@pytest.mark.parametrize(
    "content", ["", "planted", "[planted]", "{planted: [", "{}", '{"current-context": "planted", "contexts": []}']
)
def test_an_unusable_kubeconfig_is_named_and_not_printed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidDocument, match="not a kubeconfig") as fault:
        ClusterClient(path, None, Endpoint("api-1"), SystemClock())
    assert "planted" not in str(fault.value)


def test_a_missing_kubeconfig_and_context_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no such kubeconfig"):
        ClusterClient(tmp_path / "none", None, Endpoint("api-1"), SystemClock())
    with pytest.raises(InvalidDocument, match="not a kubeconfig with the context"):
        ClusterClient(faulty.kubeconfig(tmp_path, "https://127.0.0.1:1"), "other", Endpoint("api-1"), SystemClock())
