"""Where settings come from, which of two wins, and what is said of one that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook_gate.configuration import Settings, configured, load
from runbook_gate.configuration.file import PATHS
from runbook_gate.errors import InvalidDocument

SECRET = "hunter2-is-my-password"
FILE = """
store = "from-file.sqlite"
submitter = "from-file"

[opa]
timeout_s = 7
binary = "bin/opa"

[registers]
namespace_baseline = "registers/baseline.yaml"
cluster_inventory = "/etc/inventory.yaml"

[cluster]
kubeconfig = "kubeconfig"
endpoints = [{ name = "api-1", url = "https://10.0.0.11:6443" }]

[audit]
logs = ["audit/one.log", "/var/log/two.log"]
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, and nothing in the environment."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in [name for name in os.environ if name.startswith("RUNBOOK_GATE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in another folder than the current one."""
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "gate.toml"
    path.write_text(FILE)
    return path


def refused(file: Path | None, **options: Any) -> str:
    with pytest.raises(InvalidDocument) as caught:
        load(file, **options)
    assert SECRET not in str(caught.value) + caught.value.advice
    assert caught.value.exit_status == 2
    return str(caught.value)


# --- precedence ---


def test_options_win_over_the_environment_over_the_file_over_defaults(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load().store == Path("runbook-gate.sqlite")
    assert load(file).submitter == "from-file"
    monkeypatch.setenv("RUNBOOK_GATE_SUBMITTER", "from-environment")
    assert load(file).submitter == "from-environment"
    assert load(file, submitter="from-option").submitter == "from-option"
    assert load(file, submitter=None).submitter == "from-environment"


def test_tables_are_merged_and_lists_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_OPA__TIMEOUT_S", "9")
    monkeypatch.setenv("RUNBOOK_GATE_REGISTERS__PLATFORM_EXCEPTIONS", "exceptions.yaml")
    monkeypatch.setenv("RUNBOOK_GATE_AUDIT__LOGS", '["three.log"]')
    found = load(file)
    assert (found.opa.timeout_s, found.opa.binary) == (9, file.parent / "bin/opa")
    assert set(found.registers) == {"namespace_baseline", "cluster_inventory", "platform_exceptions"}
    assert found.audit.logs == (Path("three.log"),)


def test_each_setting_knows_where_it_comes_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_OPA__TIMEOUT_S", "9")
    found = configured(file, {"bundle": Path("b"), "store": None, "cluster": {"kubeconfig": Path("k")}})
    assert {
        key: found.origin(tuple(key.split(".")))
        for key in ("bundle", "cluster.kubeconfig", "opa.timeout_s", "opa.binary", "store", "heads_file")
    } == {
        "bundle": "option",
        "cluster.kubeconfig": "option",
        "opa.timeout_s": "environment",
        "opa.binary": "file",
        "store": "file",
        "heads_file": "default",
    }


def test_an_empty_variable_says_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_SUBMITTER", "")
    monkeypatch.setenv("RUNBOOK_GATE_CONFIG", "")
    assert load(file).submitter == "from-file"
    assert load().submitter is None


# --- which file ---


def test_the_file_is_the_named_one_then_the_variables_then_the_one_that_is_here(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("runbook-gate.toml").write_text('submitter = "here"')
    assert load().submitter == "here"
    monkeypatch.setenv("RUNBOOK_GATE_CONFIG", str(file))
    assert load().submitter == "from-file"
    assert load(Path("runbook-gate.toml")).submitter == "here"
    assert os.environ["RUNBOOK_GATE_CONFIG"] == str(file)


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(Path("nope.toml")) == "nope.toml: there is no such configuration file."
    monkeypatch.setenv("RUNBOOK_GATE_CONFIG", "nope.toml")
    assert refused(None) == "nope.toml: there is no such configuration file."


def test_values_made_in_code_look_at_no_file_and_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("runbook-gate.toml").write_text('submitter = "here"')
    monkeypatch.setenv("RUNBOOK_GATE_SUBMITTER", "from-environment")
    assert Settings().submitter is None


# --- paths ---


def test_a_relative_path_in_the_file_is_meant_from_the_files_folder(file: Path) -> None:
    found = load(file)
    assert found.store == file.parent / "from-file.sqlite"
    assert found.registers["namespace_baseline"] == file.parent / "registers/baseline.yaml"
    assert found.registers["cluster_inventory"] == Path("/etc/inventory.yaml")
    assert found.cluster.kubeconfig == file.parent / "kubeconfig"
    assert found.audit.logs == (file.parent / "audit/one.log", Path("/var/log/two.log"))


def test_elsewhere_it_is_meant_from_the_current_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_BUNDLE", "bundle.tar.gz")
    found = load(file, packet_dir=Path("packets"))
    assert (found.bundle, found.packet_dir) == (Path("bundle.tar.gz"), Path("packets"))


def test_every_setting_that_is_a_path_is_meant_so() -> None:
    def paths(schema: dict[str, Any], at: str = "") -> Iterator[str]:
        for part in (schema, *schema.get("anyOf", [])):
            if part.get("format") == "path":
                yield at
            if "$ref" in part:
                yield from paths(definitions[part["$ref"].rpartition("/")[2]], at)
            for name, below in part.get("properties", {}).items():
                yield from paths(below, f"{at}.{name}".lstrip("."))
            if isinstance(below := part.get("additionalProperties"), dict):
                yield from paths(below, f"{at}.*")
            if "items" in part:
                yield from paths(part["items"], f"{at}.[]")

    whole = Settings.model_json_schema()
    definitions = whole["$defs"]
    assert set(paths(whole)) == set(PATHS)


# --- mistakes ---

MISTAKES = {
    f'stroe = "{SECRET}"': ["stroe is not known here."],
    f'[opa]\ntimeout_s = "{SECRET}"': ["opa.timeout_s must be a whole number."],
    "[opa]\ntimeout_s = 2.5": ["opa.timeout_s must be a whole number."],
    "[opa]\ntimeout_s = 0": ["opa.timeout_s must be at least 1."],
    "[opa]\ntimeout_s = 61": ["opa.timeout_s must be at most 60."],
    f'[opa]\nsecret = "{SECRET}"': ["opa.secret is not known here."],
    f'opa = "{SECRET}"': ["opa must be a mapping."],
    "store = 3": ["store must be a path."],
    "submitter = ['x']": ["submitter must be a string."],
    f'registers = ["{SECRET}"]': ["registers must be a mapping."],
    "[registers]\nnamespace_baseline = false": ["registers.namespace_baseline must be a path."],
    f'[audit]\nlogs = "{SECRET}"': ["audit.logs must be a list."],
    "[audit]\nlogs = [1]": ["audit.logs.0 must be a path."],
    '[cluster]\nendpoints = [{ name = "api" }]': ["cluster.endpoints.0.url is missing."],
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


# --- what is recorded of it ---


def test_the_digest_changes_with_the_effective_values_only(file: Path) -> None:
    assert load(file).sha256 == load(file, submitter="from-file").sha256
    assert load(file).sha256 != load(file, submitter="other").sha256
