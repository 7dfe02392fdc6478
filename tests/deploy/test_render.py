"""`deploy render`: what the baseline register approves becomes rights, parameters and bindings, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Call, call  # noqa: F401 - a fixture
from tests.deploy.stage import BASELINE, LOOSER, TARGETS, WATCHED, baseline_register
from tests.gate.test_signature import Keys
from tests.registers.reference_server import RegisterServer

from runbook_gate import resources
from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, PREFIX
from runbook_gate.gate.build import build

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """The namespace baseline."""
    return baseline_register(tmp_path / "namespace_baseline.yaml")


def render(call: Call, register: Path, *namespaces: str, output: str = "json") -> Any:  # noqa: F811
    """Call it."""
    named = [word for name in namespaces for word in ("--namespace", name)]
    options = ["--cluster-id", CLUSTER_ID, "--baseline", register, "-o", output]
    return call("deploy", "render", *named, *options)


def test_text_and_json_are_the_same_documents(call: Call, register: Path) -> None:  # noqa: F811
    listed = render(call, register, WATCHED, LOOSER).document
    assert (listed["apiVersion"], listed["kind"]) == ("v1", "List")
    text = render(call, register, LOOSER, WATCHED, output="text").out
    assert list(yaml.safe_load_all(text)) == listed["items"]


def test_each_target_has_its_own_values_and_the_list_names_all(call: Call, register: Path) -> None:  # noqa: F811
    documents = render(call, register, WATCHED, LOOSER).document["items"]
    parameters = {one["metadata"]["name"]: one["data"] for one in documents if one["kind"] == "ConfigMap"}
    [elsewhere] = [one["spec"] for one in documents if one["metadata"]["name"] == "runbook-gate-elsewhere"]
    [selected] = elsewhere["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert (selected["operator"], selected["values"]) == ("NotIn", [LOOSER, WATCHED])
    for namespace, labels in ((WATCHED, APPROVED), (LOOSER, BASELINE)):
        values = {key.replace("/", "_"): value for key, value in labels.items() if value is not None}
        assert parameters[f"labels.{namespace}"] == {"namespace": namespace, **values}


def test_a_label_that_the_baseline_leaves_out_is_left_out(call: Call, register: Path) -> None:  # noqa: F811
    change(register, lambda document: document["records"][TARGETS.index(WATCHED)]["labels"].pop(f"{PREFIX}warn"))
    documents = render(call, register, WATCHED).document["items"]
    assert f"{PREFIX}warn".replace("/", "_") not in documents[0]["data"]
    assert len(documents[0]["data"]) == 6


def test_what_holds_the_executor_is_applied_before_its_rights(call: Call, register: Path) -> None:  # noqa: F811
    documents = render(call, register, WATCHED, LOOSER).document["items"]
    kinds = [document["kind"] for document in documents]
    bound = ["ConfigMap", "ValidatingAdmissionPolicyBinding"]
    assert kinds == [*bound, *bound, "ValidatingAdmissionPolicyBinding", "Role", "RoleBinding", "Role", "RoleBinding"]


def test_the_rights_are_on_the_target_alone(call: Call, register: Path) -> None:  # noqa: F811
    documents = render(call, register, WATCHED).document["items"]
    [role] = [one for one in documents if one["kind"] == "Role"]
    assert role["metadata"]["namespace"] == WATCHED
    told = [(rule["resources"], rule.get("resourceNames"), rule["verbs"]) for rule in role["rules"]]
    assert told == [(["namespaces"], [WATCHED], ["get", "patch"]), (["pods", "podtemplates"], None, ["create"])]
    assert "ClusterRole" not in json.dumps(documents)


def change(register: Path, changed: Change) -> None:
    """Change the register."""
    document = yaml.safe_load(register.read_text())
    changed(document)
    register.write_text(yaml.safe_dump(document))


def record(**fields: object) -> Change:
    """Change the record of the watched namespace."""
    return lambda document: document["records"][TARGETS.index(WATCHED)].update(fields)


REFUSED: dict[str, tuple[Change, str]] = {
    "an incomplete register": (lambda document: document.update(complete=False), "the register is incomplete"),
    "a record that is missing": (lambda document: document.update(total=9), "the register is incomplete"),
    "no record of the namespace": (record(namespace="payments-moved"), "0 records"),
    "two records of it": (
        lambda document: document.update(
            total=len(TARGETS) + 1,
            records=[*document["records"], dict(document["records"][TARGETS.index(WATCHED)], labels={})],
        ),
        "2 records",
    ),
    "a wildcard": (record(namespace="*"), "not of exactly this cluster and namespace"),
    "no version": (record(policy_baseline_version=None), "no policy_baseline_version"),
    "no label": (record(labels={}), "approves none of the runbook's labels"),
    "a value that is no text": (record(labels={f"{PREFIX}enforce": True}), "approves none of the runbook's labels"),
    "no envelope": (lambda document: document.pop("as_of"), "malformed (envelope_as_of)"),
}


@pytest.mark.parametrize("told", REFUSED)
def test_what_is_not_clear_is_not_approved(call: Call, register: Path, told: str) -> None:  # noqa: F811
    changed, reason = REFUSED[told]
    change(register, changed)
    refused = render(call, register, WATCHED, output="text")
    assert (refused.status, refused.out) == (2, "")
    assert reason in refused.err


@pytest.mark.parametrize("name", ["Payments", "a/b", "x" * 64, "-a"])
def test_a_name_that_no_namespace_has(call: Call, register: Path, name: str) -> None:  # noqa: F811
    refused = render(call, register, name, output="text")
    assert (refused.status, refused.out) == (2, "")


def test_a_register_that_is_not_there(call: Call, tmp_path: Path) -> None:  # noqa: F811
    refused = render(call, tmp_path / "nowhere.yaml", WATCHED, output="text")
    assert refused.status == 2
    assert "the register is missing (no_file)" in refused.err


def test_a_configured_bundle_that_the_key_did_not_sign(
    call: Call,  # noqa: F811
    register: Path,
    tmp_path: Path,
    opa_binary: Path,
) -> None:
    """It could leave out a label, which would then have to be absent."""
    keys = Keys(tmp_path, "release")
    (tmp_path / "bundle.tar.gz").write_bytes(build(resources.policies(), opa=opa_binary).raw)
    opa = f'[opa]\nbinary = "{opa_binary}"\nsigning_alg = "ES256"\n'
    stated = f'bundle = "bundle.tar.gz"\n{opa}verification_key = "{keys.public}"\n'
    (tmp_path / "runbook-gate.toml").write_text(stated, encoding="utf-8")
    refused = render(call, register, WATCHED, output="text")
    assert (refused.status, refused.out) == (2, "")
    assert "The bundle is not as key" in refused.err


@pytest.fixture
def served(tmp_path: Path, register: Path) -> Iterator[RegisterServer]:
    """The namespace baseline over HTTPS, as the configuration says where."""
    document = yaml.safe_load(register.read_text())
    with RegisterServer.start(tmp_path / "registers", lambda _: document) as server:
        place = f"https://127.0.0.1:{server.port}/v1/namespace_baseline"
        files = f'token_file = "{server.token_file}"\nca_file = "{server.folder / "ca.crt"}"\n'
        stated = f'[registers.namespace_baseline]\nurl = "{place}"\n{files}timeout_s = 10\n'
        (tmp_path / "runbook-gate.toml").write_text(stated, encoding="utf-8")
        yield server


def without_digest(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All but the digest of the register's bytes, which are others in pages."""
    documents[0]["metadata"]["annotations"].pop("runbook-gate/register-sha256")
    return documents


def test_the_configured_register_may_answer_over_https(
    call: Call,  # noqa: F811
    register: Path,
    served: RegisterServer,
) -> None:
    served.page_size = 2
    named = ("--namespace", WATCHED, "--cluster-id", CLUSTER_ID, "-o", "json")
    documents = call("deploy", "render", *named).document["items"]
    asked = len(served.asked)
    assert asked > 1
    expected = render(call, register, WATCHED).document["items"]
    assert without_digest(documents) == without_digest(expected)
    assert len(served.asked) == asked


def test_a_register_that_ends_too_early_approves_nothing(
    call: Call,  # noqa: F811
    served: RegisterServer,
) -> None:
    served.page_size = 2
    served.altered["namespace_baseline"] = lambda page, number: {**page, "next": None}
    refused = call("deploy", "render", "--namespace", WATCHED, "--cluster-id", CLUSTER_ID)
    assert (refused.status, refused.out) == (2, "")


def test_a_runbook_that_the_policies_lack(call: Call, register: Path) -> None:  # noqa: F811
    options = ["--namespace", WATCHED, "--cluster-id", CLUSTER_ID, "--baseline", register]
    refused = call("deploy", "render", *options, "--runbook", "v9")
    assert refused.status == 2
    assert "no runbook v9" in refused.err
