"""A token in a file is read anew for each request; without one nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.faulty_server import FaultyServer, answer, certificate, kubeconfig, serving

from runbook_gate.clock import SystemClock
from runbook_gate.cluster.client import ClusterClient, Endpoint
from runbook_gate.errors import InvalidDocument


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    with serving(answer("200 OK"), certificate(tmp_path)) as started:
        yield started


def client(folder: Path, server: FaultyServer, **user: object) -> ClusterClient:
    path = kubeconfig(folder, f"https://127.0.0.1:{server.port}", **{"certificate-authority": str(folder / "ca.crt")})
    document = json.loads(path.read_text())
    document["users"][0]["user"] = user
    path.write_text(json.dumps(document))
    return ClusterClient(path, None, Endpoint("api-1"), SystemClock())


def sent(server: FaultyServer) -> list[str]:
    """The token of each request that arrived."""
    heads = [line for request in server.requests for line in request.decode().split("\r\n")]
    return [line.partition("Bearer ")[2] for line in heads if line.lower().startswith("authorization:")]


@pytest.mark.parametrize("user", [{}, {"token": "planted-in-the-file"}], ids=["alone", "beside a token"])
def test_each_request_has_the_token_that_the_file_holds_then(
    tmp_path: Path, server: FaultyServer, user: dict[str, str]
) -> None:
    (tmp_path / "token").write_text("one\n")
    reach = client(tmp_path, server, tokenFile="token", **user)
    for token in ("one", "two", "three"):
        (tmp_path / "token").write_text(f"{token}\n")
        with reach.open(5) as connection:
            assert connection.read_namespace("payments").status == 200
            (tmp_path / "token").write_text(f"{token}-later")
            assert connection.read_namespace("payments").status == 200
    assert sent(server) == ["one", "one-later", "two", "two-later", "three", "three-later"]


@pytest.mark.parametrize("content", [None, "", "two words", "x" * 20_000], ids=["no file", "empty", "words", "long"])
def test_without_a_token_nothing_is_sent(tmp_path: Path, server: FaultyServer, content: str | None) -> None:
    (tmp_path / "token").write_text("one")
    reach = client(tmp_path, server, tokenFile="token")
    (tmp_path / "token").unlink()
    if content is not None:
        (tmp_path / "token").write_text(content)
    with reach.open(5) as connection:
        assert connection.read_namespace("payments").outcome == "not_sent"
    (tmp_path / "token").write_text("two")
    with reach.open(5) as connection:
        assert connection.read_namespace("payments").outcome == "answered"
    assert sent(server) == ["two"]


def test_a_token_file_that_is_not_there_from_the_beginning_is_named(tmp_path: Path, server: FaultyServer) -> None:
    (tmp_path / "token").write_text("hunter2 hunter2")
    with pytest.raises(InvalidDocument, match="its tokenFile cannot be read, or holds no token") as refused:
        client(tmp_path, server, tokenFile="token")
    assert "hunter2" not in str(refused.value)


def test_a_token_in_the_kubeconfig_stays(tmp_path: Path, server: FaultyServer) -> None:
    reach = client(tmp_path, server, token="inline")
    with reach.open(5) as connection:
        assert connection.read_namespace("payments").status == 200
    assert sent(server) == ["inline"]
