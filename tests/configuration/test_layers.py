"""Where settings come from, and which of two wins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.configuration.conftest import refused

from runbook_gate.configuration import RegisterEndpoint, Settings, configured, load
from runbook_gate.configuration.file import PATHS
from runbook_gate.errors import UsageFault

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


def test_the_settings_of_one_cluster_are_its_own_and_else_those_of_all(file: Path) -> None:
    file.write_text(
        """
[registers]
cluster_inventory = "inventory.yaml"
[clusters.east]
kubeconfig = "east.kubeconfig"
[clusters.east.audit]
logs = ["east.log"]
[clusters.east.registers]
namespace_baseline = "east.yaml"
[clusters."mks.west"]
in_cluster = true
"""
    )
    found, folder = load(file), file.parent
    east, west = found.of_cluster("east"), found.of_cluster("mks.west")
    assert (east.cluster.kubeconfig, east.audit.logs) == (folder / "east.kubeconfig", (folder / "east.log",))
    baseline, inventory = folder / "east.yaml", folder / "inventory.yaml"
    assert east.registers == {"cluster_inventory": inventory, "namespace_baseline": baseline}
    assert (west.cluster.in_cluster, west.cluster.kubeconfig, west.audit.logs) == (True, None, ())
    assert west.registers == {"cluster_inventory": inventory}
    with pytest.raises(UsageFault, match=r"Cluster north is not configured; those that are: east, mks\.west\."):
        found.of_cluster("north")


def test_clusters_in_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_GATE_CLUSTERS", '{"east": {"kubeconfig": "k"}}')
    assert load(file).of_cluster("east").cluster.kubeconfig == Path("k")


def test_without_a_list_each_cluster_is_the_configured_one(file: Path) -> None:
    found = load(file, cluster={"kubeconfig": Path("k")})
    assert found.of_cluster("any") == found


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
        for part in (schema, *schema.get("anyOf", []), *schema.get("oneOf", [])):
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


ENDPOINT = """
[registers]
namespace_baseline = "baseline.yaml"
namespace_ownership = { url = "https://cmdb/ownership", token_file = "token", ca_file = "/etc/ca.crt" }

[registers.platform_exceptions]
url = "https://exceptions:8443/v1/platform-exceptions"
timeout_s = 9
"""


def test_a_register_is_a_file_or_an_endpoint(file: Path) -> None:
    file.write_text(ENDPOINT)
    assert load(file).registers == {
        "namespace_baseline": file.parent / "baseline.yaml",
        "namespace_ownership": RegisterEndpoint(
            url="https://cmdb/ownership", token_file=file.parent / "token", ca_file=Path("/etc/ca.crt"), timeout_s=5
        ),
        "platform_exceptions": RegisterEndpoint(url="https://exceptions:8443/v1/platform-exceptions", timeout_s=9),
    }


def test_an_endpoint_in_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a whole in place of the file's, or key by key."""
    file.write_text(ENDPOINT)
    monkeypatch.setenv("RUNBOOK_GATE_REGISTERS", '{"namespace_baseline": {"url": "https://cmdb/baseline"}}')
    monkeypatch.setenv("RUNBOOK_GATE_REGISTERS__NAMESPACE_OWNERSHIP__TOKEN_FILE", "here")
    found = load(file).registers
    assert found["namespace_baseline"] == RegisterEndpoint(url="https://cmdb/baseline")
    owners = found["namespace_ownership"]
    assert isinstance(owners, RegisterEndpoint)
    assert (owners.url, owners.token_file) == ("https://cmdb/ownership", Path("here"))


# --- what is recorded of it ---


def test_the_digest_changes_with_the_effective_values_only(file: Path) -> None:
    assert load(file).sha256 == load(file, submitter="from-file").sha256
    assert load(file).sha256 != load(file, submitter="other").sha256
