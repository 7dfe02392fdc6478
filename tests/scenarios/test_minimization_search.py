"""The search of test_minimization.py finds what is there: in fields that are kept, in each trace, in each writing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.planting import Plants
from tests.scenarios.theatre import Theatre
from tests.scenarios.traces import Traces

from runbook_gate.gate.sidecar import Sidecar

Plant = Callable[[Theatre, str], Any]


@pytest.fixture
def traces(theatre: Theatre, sidecar: Sidecar) -> Traces:
    return Traces(theatre, sidecar)


def as_version(theatre: Theatre, text: str) -> None:
    theatre.register("cluster_inventory", lambda answer: answer.update(version=text))


def as_waiver(theatre: Theatre, text: str) -> None:
    theatre.state(waivers=({"id": text, "status": "open"},))


def as_owner(theatre: Theatre, text: str) -> None:
    theatre.register("namespace_ownership", lambda answer: answer["records"][0].update(owner_aliases=[text]))


def stored(theatre: Theatre) -> set[str]:
    """Where a ledger holds what it holds; the bytes of a server's files are not looked at."""
    return {"row", "store"} if isinstance(theatre.settings.store, Path) else {"row"}


KEPT: dict[str, tuple[Plant, set[str]]] = {
    "a register's version": (as_version, {"packet", "stderr of run", "stdout of escalations show"}),
    "a waiver's id": (as_waiver, {"packet", "stdout of escalations show"}),
    "an owner's alias": (as_owner, {"packet", "stdout of escalations show"}),
}


@pytest.mark.parametrize("field", KEPT)
def test_a_string_in_a_field_that_is_kept_is_found(theatre: Theatre, traces: Traces, field: str) -> None:
    plant, places = KEPT[field]
    secret = Plants()(field.replace("'", ""))
    as_waiver(theatre, "EXC-311")
    plant(theatre, secret)
    theatre.submit()
    assert traces.call("run", "task-1") == 10
    traces.ask_everything()
    assert {kind(name) for name in traces.of(secret)} >= {*places, *stored(theatre)}


def kind(trace: str) -> str:
    """What sort of trace it is."""
    if trace.startswith("std"):
        return " ".join(trace.split()[: 4 if "escalations" in trace else 3])
    if "/packets/" in trace:
        return "packet"
    return "store" if "ledger.sqlite" in trace else "row"


@pytest.mark.parametrize("option", ["--reason", "--actor"])
def test_what_people_say_is_found(theatre: Theatre, traces: Traces, option: str) -> None:
    secret = Plants()(option)
    words = {"--reason": "freeze", "--actor": "leah"} | {option: secret}
    assert traces.call("pause", *(word for pair in words.items() for word in pair)) == 0
    traces.ask("status")
    assert {"stdout of status", *stored(theatre)} <= {kind(name) for name in traces.of(secret)}


def test_a_long_value_is_found_whole(theatre: Theatre, traces: Traces) -> None:
    """In the file's bytes it lies on several pages, in its row it does not."""
    theatre.submit()
    secret = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(400))
    with theatre.store() as store:
        store.evidence.put(secret.encode())
    assert "row" in {kind(name) for name in traces.of(secret)}
    if isinstance(theatre.settings.store, Path):
        assert secret.encode() not in theatre.settings.store.read_bytes()


WRITINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda raw: raw,
    "hexadecimal": lambda raw: raw.hex().encode(),
    "its digest": lambda raw: hashlib.sha256(raw).hexdigest().encode(),
    "its digest in bytes": lambda raw: hashlib.sha256(raw).digest(),
    "base64": base64.b64encode,
    "base64 of a longer text": lambda raw: base64.b64encode(b"a password: " + raw + b" is here"),
    "base64 one byte later": lambda raw: base64.b64encode(b"x" + raw + b"yz"),
    "base64 two bytes later": lambda raw: base64.b64encode(b"xy" + raw + b"z"),
}


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=WRITINGS)
@pytest.mark.parametrize("file", ["ledger.sqlite-wal", "packets/esc-1.md", "packets/esc-1.json", "heads.txt"])
def test_each_writing_is_found_in_each_file(
    theatre: Theatre, traces: Traces, file: str, writing: Callable[[bytes], bytes]
) -> None:
    secret = Plants()("writing")
    path = theatre.file().with_name(file) if file.startswith("ledger") else theatre.folder / file
    path.parent.mkdir(exist_ok=True)
    assert traces.of(secret) == []
    path.write_bytes(b"before " + writing(secret.encode()) + b" after")
    assert traces.of(secret) == [str(path)]
