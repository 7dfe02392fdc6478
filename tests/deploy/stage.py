"""An installation as a platform would make it: a copy of deploy/ with its inputs, applied to a real API server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.deploy.applying import Client, client_of
from tests.deploy.composing import Document, compose

from runbook_gate import resources
from runbook_gate.cli.main import cli
from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, PREFIX, REGISTERS, Target
from runbook_gate.gate.build import Signing, build
from runbook_gate.localcluster import LocalCluster, find_tool
from runbook_gate.localcluster.seeding import Seeder

DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
OVERLAYS: Final = ("targets", "site", "task", "queue", "worker")
EXECUTOR: Final = "system:serviceaccount:runbook-gate:executor"
# Approved namespaces: one for each test that changes it, one whose baseline is another, and one that is only looked at.
TASK, QUEUE, WORKER, HARNESS, WATCHED, LOOSER = (
    f"payments-{name}" for name in ("task", "queue", "worker", "harness", "watched", "looser")
)
TARGETS: Final = (TASK, QUEUE, WORKER, HARNESS, WATCHED, LOOSER)
UNAPPROVED: Final = "payments-unapproved"
# The other tuple: a looser level, and no warning at all.
BASELINE: Final[Mapping[str, str | None]] = {
    key: None if "warn" in key else "baseline" if value == "restricted" else value for key, value in APPROVED.items()
}


def approved(namespace: str) -> Mapping[str, str | None]:
    """The approved tuple of a target."""
    return BASELINE if namespace == LOOSER else APPROVED


def baseline_register(path: Path) -> Path:
    """The namespace baseline with a record of every target."""
    targets = [Target(name, "unused", "unused", labels=approved(name)) for name in TARGETS]
    records = [record for target in targets for record in target.records("namespace_baseline")]
    document = {**targets[0].register("namespace_baseline"), "total": len(records), "records": records}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def rendered(register: Path, *namespaces: str) -> str:
    """What `deploy render` writes for targets."""
    named = [word for name in namespaces or TARGETS for word in ("--namespace", name)]
    made = CliRunner().invoke(
        cli,
        ["deploy", "render", *named, "--cluster-id", CLUSTER_ID, "--baseline", str(register)],
        standalone_mode=False,
        catch_exceptions=False,
    )
    return made.stdout


def site_of(folder: Path) -> Path:
    """A copy of deploy/ with everything that its overlays name: a signed bundle, its key, registers, task, targets."""
    site = Path(shutil.copytree(DEPLOY, folder / "deploy"))
    overlays = site / "overlays"
    private = ec.generate_private_key(ec.SECP256R1())
    key = folder / "signing.pem"
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (overlays / "site" / "bundle.pem").write_bytes(public)
    bundle = build(resources.policies(), opa=find_tool("opa"), signing=Signing(key, "ES256"))
    (overlays / "site" / "bundle.tar.gz").write_bytes(bundle.raw)
    registers = overlays / "site" / "registers"
    registers.mkdir()
    target = Target(TASK, "unused", "unused")
    for name in REGISTERS:
        (registers / f"{name}.yaml").write_text(yaml.safe_dump(target.register(name)), encoding="utf-8")
    (overlays / "task" / "task.yaml").write_text(yaml.safe_dump(target.task("restore-1")), encoding="utf-8")
    register = baseline_register(folder / "namespace_baseline.yaml")
    (overlays / "targets" / "targets.yaml").write_text(rendered(register), encoding="utf-8")
    return site


def documents(site: Path) -> list[Document]:
    """Everything that is applied, in order: governance first."""
    return [
        document
        for overlay in ("targets", "task", "queue", "worker")
        for document in compose(site / "overlays" / overlay)
    ]


def install(site: Path, cluster: LocalCluster, seeder: Seeder) -> None:
    """Make the namespaces, apply everything, and wait until the policies refuse on every target and elsewhere."""
    for name in (*TARGETS, UNAPPROVED):
        seeder.namespace(name, {"team": "payments"})
        seeder.core.patch_namespace(name, {"metadata": {"annotations": {"note": "of the tenant"}}})
    with client_of(cluster, cluster.server.admin_token) as admin:
        for document in documents(site):
            answered = admin.apply(document)
            assert answered.status in {200, 201}, (document["kind"], document["metadata"], answered)
        for name in ("kube-system", "runbook-gate", "runbook-gate-governance"):  # what a controller would do
            seeder.core.create_namespaced_service_account(name, {"metadata": {"name": "default"}})
        await_refusal(admin)


def await_refusal(admin: Client) -> None:
    """Until the policies are in force, which the API server does not tell."""
    until = time.monotonic() + 120
    left = {("labels", name) for name in TARGETS} | {("acts", WATCHED), ("elsewhere", UNAPPROVED)}
    while left:
        assert time.monotonic() < until, left
        left = {
            (policy, name) for policy, name in left if f"'runbook-gate-{policy}'" not in refusal(admin, policy, name)
        }


def refusal(admin: Client, policy: str, namespace: str) -> str:
    """What the executor with every right would hear of a dry run that only this policy refuses."""
    path = f"/api/v1/namespaces/{namespace}"
    everything = {"Impersonate-User": EXECUTOR, "Impersonate-Group": "system:masters"}
    if policy == "labels":
        body = {"metadata": {"labels": {f"{PREFIX}enforce": "privileged"}}}
        merge = "application/merge-patch+json"
        return admin.send("PATCH", f"{path}?dryRun=All", body, content_type=merge, headers=everything).message
    resource, made = ("podtemplates", pod_template("x-")) if policy == "elsewhere" else ("configmaps", CONFIG_MAP)
    return admin.send("POST", f"{path}/{resource}?dryRun=All", made, headers=everything).message


CONFIG_MAP: Final[Document] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}}
POD_SPEC: Final[Mapping[str, Any]] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "c",
            "image": "registry.invalid/c",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}


def pod_template(prefix: str) -> Document:
    """A pod template that every level of Pod Security lets through, with a name that the server completes."""
    metadata = {"generateName": prefix}
    return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": metadata, "template": {"spec": POD_SPEC}}


def executor_token(seeder: Seeder) -> str:
    """A real, short-lived token of the executor's service account."""
    spec = {"spec": {"audiences": [], "expirationSeconds": 600}}
    answer = seeder.core.create_namespaced_service_account_token("executor", "runbook-gate", spec)
    return str(answer.status.token)
