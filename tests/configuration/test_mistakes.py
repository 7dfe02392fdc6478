"""What is said of a setting that is wrong: its place and what was expected, never its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.configuration.conftest import SECRET, refused

from runbook_gate.configuration import Settings, load

MISTAKES = {
    f'stroe = "{SECRET}"': ["stroe is not known here."],
    f'[opa]\ntimeout_s = "{SECRET}"': ["opa.timeout_s must be a whole number."],
    "[opa]\ntimeout_s = 2.5": ["opa.timeout_s must be a whole number."],
    "[opa]\ntimeout_s = 0": ["opa.timeout_s must be at least 1."],
    "[opa]\ntimeout_s = 46": ["opa.timeout_s must be at most 45."],
    f'[opa]\nsecret = "{SECRET}"': ["opa.secret is not known here."],
    f'opa = "{SECRET}"': ["opa must be a mapping."],
    "store = 3": ["store must be a path."],
    "submitter = ['x']": ["submitter must be a string."],
    f'registers = ["{SECRET}"]': ["registers must be a mapping."],
    "[registers]\nnamespace_baseline = false": ["registers.namespace_baseline must be a path."],
    "[registers.waivers]\ntimeout_s = 11": [
        "registers.waivers.url is missing.",
        "registers.waivers.timeout_s must be at most 10.",
    ],
    f'[registers]\nwaivers = {{ url = "https://cmdb/x", token = "{SECRET}" }}': [
        "registers.waivers.token is not known here."
    ],
    f'[registers]\nwaivers = {{ url = "http://{SECRET}/" }}': [
        "registers.waivers.url must be https, or http to a loopback address."
    ],
    f'[registers]\nwaivers = {{ url = "https://user:{SECRET}@cmdb/" }}': [
        r"registers.waivers.url must match ^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$.",
    ],
    f'[audit]\nlogs = "{SECRET}"': ["audit.logs must be a list."],
    "[audit]\nlogs = [1]": ["audit.logs.0 must be a path."],
    '[cluster]\nendpoints = [{ name = "api" }]': ["cluster.endpoints.0.url is missing."],
    "[clusters.east]\nin_cluster = true\nkubeconfig = 'k'": [
        "clusters.east must have either a kubeconfig or in_cluster."
    ],
    f'[clusters.east]\nserver = "{SECRET}"': ["clusters.east.server is not known here."],
    "[clusters.east.audit]\nlogs = [1]": ["clusters.east.audit.logs.0 must be a path."],
    f'[opa]\nurl = "https://user:{SECRET}@opa"': [
        r"opa.url must match ^https?://[A-Za-z0-9.:\[\]-]+/?$.",
    ],
    f'a = 1\n"{SECRET} or so" = 1': ["a is not known here.", "(a key) is not known here."],
}


@pytest.mark.parametrize("content", MISTAKES, ids=lambda content: content.partition("=")[0].strip())
def test_a_mistake_in_the_file_names_file_and_setting_but_no_value(file: Path, content: str) -> None:
    file.write_text(content)
    assert refused(file).splitlines() == [f"{file}: {told}" for told in MISTAKES[content]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f'store = "{SECRET}\nx = 1\n', ", line 1: not well-formed TOML."),
        (f"\n\n{SECRET}\n", ", line 3: not well-formed TOML."),
        (f'store = """{SECRET}', ", end of document: not well-formed TOML."),
        ("store = 1\nstore = 2\n", ", line 2: not well-formed TOML."),
    ],
)
def test_a_file_that_is_no_toml(file: Path, content: str, told: str) -> None:
    file.write_text(content)
    assert refused(file) == f"{file}{told}"


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    assert refused(file) == f"{file}: not UTF-8."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("RUNBOOK_GATE_STROE", "RUNBOOK_GATE_STROE: there is no such setting."),
        ("RUNBOOK_GATE_OPA__TIMEOUT", "RUNBOOK_GATE_OPA__TIMEOUT is not known here."),
        ("RUNBOOK_GATE_OPA__TIMEOUT_S", "RUNBOOK_GATE_OPA__TIMEOUT_S must be a whole number."),
        ("RUNBOOK_GATE_AUDIT__LOGS", "RUNBOOK_GATE_AUDIT*: a list or table must be JSON."),
        ("RUNBOOK_GATE_CLUSTER", "RUNBOOK_GATE_CLUSTER*: a list or table must be JSON."),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable_but_no_value(
    monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    assert refused(None) == told


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTPS",
        "PORT",
        "PORT_8181_TCP",
        "PORT_8181_TCP_ADDR",
        "TOOLS_CACHE",
    ],
)
def test_what_kubernetes_sets_for_a_service_is_passed_over(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"RUNBOOK_GATE_{name}", "tcp://10.0.0.1:8181")
    assert load() == Settings()


def test_the_layer_that_is_wrong_is_named_and_not_the_one_below(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_OPA__TIMEOUT_S", "soon")
    assert refused(file).startswith("RUNBOOK_GATE_OPA__TIMEOUT_S ")
    assert refused(file, opa={"timeout_s": "later"}).startswith("--timeout-s ")
