"""`doctor`: one finding for everything that a run needs, each with its remedy, and nothing made or changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import ManualClock
from tests.registers.reference_server import RegisterServer
from tests.scenarios.theatre import Theatre

from runbook_gate.binaries import find_tool
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Audit, Cluster, Endpoint, Opa, RegisterEndpoint, Settings
from runbook_gate.doctor import Finding, examine
from runbook_gate.doctor.rights import UNWANTED
from runbook_gate.gate.build import build
from runbook_gate.resources import policies

NAMES = [
    "ledger",
    "ledger file system",
    "heads file",
    "packet folder",
    "bundle",
    "sidecar",
    "register namespace_baseline",
    "register platform_exceptions",
    "register cluster_inventory",
    "register namespace_ownership",
    "audit log",
    "cluster",
    "clock",
    "identity",
    "rights",
]


def found(settings: Settings, namespace: str | None = None, clock: Any = None) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings, namespace, clock=clock)}


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_well(theatre: Theatre) -> None:
    theatre.submit()
    findings = found(theatre.settings, theatre.namespace)
    assert list(findings) == NAMES
    assert [one for one in findings.values() if not one.fit] == []
    assert not any(one.remedy or "\n" in one.told for one in findings.values())
    assert findings["ledger"].told == f"{theatre.settings.store}: chain consistent, 0 run(s)"
    assert findings["cluster"].told == "default answered; no endpoints are listed, so one address is sampled"
    assert findings["identity"].told == "runbook-gate"
    assert findings["rights"].told == (
        f"sufficient on {theatre.namespace}, and none of {len(UNWANTED)} that it must not have"
    )
    assert findings["sidecar"].told.endswith("beside the executor, serves that bundle")


def test_nothing_is_made_and_nothing_written(theatre: Theatre) -> None:
    before, version = files(theatre.folder), theatre.seeder.core.read_namespace(theatre.namespace).metadata
    findings = found(theatre.settings, theatre.namespace)
    assert findings["ledger"].fit
    assert findings["ledger"].told.endswith("is not there yet; `runbook-gate submit` makes it")
    assert files(theatre.folder) == before
    assert theatre.seeder.core.read_namespace(theatre.namespace).metadata.resource_version == version.resource_version
    assert theatre.writes() == []


def test_it_never_stops_at_a_fault() -> None:
    findings = found(Settings())
    assert list(findings) == NAMES
    unfit = {name for name, finding in findings.items() if not finding.fit}
    assert unfit == set(NAMES) - {"ledger", "ledger file system", "heads file", "packet folder", "rights"}
    assert all(findings[name].remedy for name in unfit)


def unreadable_register(settings: Settings, folder: Path) -> Settings:
    (folder / "odd.yaml").write_text("complete: yes")
    return settings.model_copy(update={"registers": {**settings.registers, "namespace_baseline": folder / "odd.yaml"}})


def broken_ledger(settings: Settings, folder: Path) -> Settings:
    with closing(sqlite3.connect(settings.store_file)) as connection, connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE journal SET data = data || ' '")
    return settings


def store_in_memory(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"store": Path("/dev/shm/runbook-gate/ledger.sqlite")})


def other_bundle(settings: Settings, folder: Path) -> Settings:
    other = folder / "policies"
    for path in [path for path in policies().rglob("*") if path.is_file()]:
        copy = other / path.relative_to(policies())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    parties = other / "parties" / "data.yaml"
    parties.write_text(parties.read_text().replace("submitters: [", "submitters: [another, "))
    (folder / "other.tar.gz").write_bytes(build(other, opa=find_tool("opa")).raw)
    return settings.model_copy(update={"bundle": folder / "other.tar.gz"})


def with_opa(**opa: Any) -> Callable[[Settings, Path], Settings]:
    return lambda settings, folder: settings.model_copy(update={"opa": Opa(**opa)})


def with_audit(*logs: str) -> Callable[[Settings, Path], Settings]:
    return lambda settings, folder: settings.model_copy(update={"audit": Audit(logs=tuple(map(Path, logs)))})


def endpoint_that_refuses(settings: Settings, folder: Path) -> Settings:
    closed = Endpoint(name="api-2", url="https://127.0.0.1:1")
    return settings.model_copy(update={"cluster": Cluster(kubeconfig=settings.cluster.kubeconfig, endpoints=(closed,))})


def unknown_token(settings: Settings, folder: Path) -> Settings:
    assert settings.cluster.kubeconfig
    document = json.loads(settings.cluster.kubeconfig.read_text())
    document["users"][0]["user"]["token"] = "hunter2-is-my-password"
    (folder / "kubeconfig").write_text(json.dumps(document))
    return settings.model_copy(update={"cluster": Cluster(kubeconfig=folder / "kubeconfig")})


def endpoint_of_a_register(settings: Settings, folder: Path) -> Settings:
    closed = RegisterEndpoint(url="https://127.0.0.1:1/v1/namespace-baseline")
    return settings.model_copy(update={"registers": {**settings.registers, "namespace_baseline": closed}})


def folder_in_the_way(setting: str) -> Callable[[Settings, Path], Settings]:
    def change(settings: Settings, folder: Path) -> Settings:
        (folder / "file").write_text("")
        return settings.model_copy(update={setting: folder / "file" / "below"})

    return change


FAULTS: dict[str, tuple[Callable[[Settings, Path], Settings], set[str], str]] = {
    "a malformed register": (unreadable_register, {"register namespace_baseline"}, "malformed (ambiguous_scalar)."),
    "a register's endpoint that refuses": (
        endpoint_of_a_register,
        {"register namespace_baseline"},
        "https://127.0.0.1:1/v1/namespace-baseline: unanswered (refused).",
    ),
    "a broken ledger": (broken_ledger, {"ledger"}, "store: chain broken: altered at 1"),
    "a store in memory": (store_in_memory, {"ledger file system"}, "lies on tmpfs"),
    "another bundle than the sidecar's": (other_bundle, {"sidecar"}, "serves another bundle"),
    "a sidecar that is not there": (with_opa(socket="/nowhere/opa.sock"), {"sidecar"}, ""),
    "a sidecar that may not be asked": (
        with_opa(url="http://10.0.0.1:8181"),
        {"sidecar"},
        "plain http beyond loopback",
    ),
    "no audit log": (with_audit(), {"audit log"}, "No audit log is configured"),
    "a missing audit log": (with_audit("/nowhere/audit.log"), {"audit log"}, "/nowhere/audit.log"),
    "an API server that refuses": (endpoint_that_refuses, {"cluster"}, "api-2: refused."),
    "a token that nobody knows": (unknown_token, {"cluster", "clock", "identity", "rights"}, "HTTP 401"),
    "a heads file that cannot be": (folder_in_the_way("heads_file"), {"heads file"}, "cannot be written"),
    "a packet folder that cannot be": (folder_in_the_way("packet_dir"), {"packet folder"}, "cannot be written"),
}


@pytest.mark.parametrize("told", FAULTS)
def test_each_fault_is_found_where_it_is_with_a_remedy(theatre: Theatre, told: str, tmp_path: Path) -> None:
    theatre.submit()
    change, names, text = FAULTS[told]
    findings = found(change(theatre.settings, tmp_path), theatre.namespace)
    unfit = [finding for finding in findings.values() if not finding.fit]
    assert {finding.name for finding in unfit} == names
    for finding in unfit:
        assert text in finding.told
        assert finding.remedy
        assert "\n" not in finding.told + finding.remedy
        assert "hunter2" not in finding.told + finding.remedy


def test_a_missing_right_and_one_too_many(theatre: Theatre) -> None:
    plain = theatre.settings.model_copy(
        update={"cluster": Cluster(kubeconfig=theatre.cluster.server.kubeconfig("plain"))}
    )
    lacking = found(plain, theatre.namespace)["rights"]
    assert lacking.told == (
        f"On {theatre.namespace} the executor may not get namespaces, patch namespaces, "
        "get namespaces kube-system, create pods, create podtemplates."
    )
    admin = theatre.settings.model_copy(update={"cluster": Cluster(kubeconfig=theatre.cluster.server.kubeconfig())})
    excess = found(admin, theatre.namespace)["rights"]
    assert "the executor may patch namespaces kube-system, update namespaces, delete namespaces, " in excess.told
    assert [str(right) for right in UNWANTED if str(right) not in excess.told] == []
    assert not excess.fit


@pytest.mark.parametrize("apart_ms", [-60_000, 60_000])
def test_a_clock_that_is_wrong(theatre: Theatre, apart_ms: int) -> None:
    clock = ManualClock(at_ms=SystemClock().read().at_ms + apart_ms)
    finding = found(theatre.settings, clock=clock)["clock"]
    assert not finding.fit
    assert "differ by more than 5 s" in finding.told


def test_a_register_over_https_is_told(theatre: Theatre, tmp_path: Path) -> None:
    with RegisterServer.start(tmp_path / "server", theatre.target.register) as server:
        places = {**theatre.settings.registers, "namespace_ownership": server.endpoint("namespace_ownership")}
        finding = found(theatre.settings.model_copy(update={"registers": places}))["register namespace_ownership"]
        assert finding.told.startswith(f"https://127.0.0.1:{server.port}/v1/namespace_ownership: as of ")
        assert finding.fit


def test_an_incomplete_register_is_told(theatre: Theatre) -> None:
    theatre.register("platform_exceptions", lambda document: document.update(complete=False))
    assert found(theatre.settings)["register platform_exceptions"].told.endswith("incomplete: runs will be denied")
