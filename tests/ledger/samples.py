"""Records to store."""

from __future__ import annotations

import json
from typing import Any

from runbook_gate.canonical import canonical_bytes
from runbook_gate.ledger import Draft, Finished, Lease, Store
from runbook_gate.models.entry import Entry, Executor
from runbook_gate.models.runbook import Opened
from runbook_gate.models.task import Task

EXECUTOR = Executor(version="0.1.0", configuration_sha256="c" * 64)
LABEL = "pod-security.kubernetes.io/enforce"
BUNDLE = b"the bundle"
TARGET = "mks-us-east-1-prod-03/payments-settlement-prod"


def task(number: int = 1, **changes: Any) -> Task:
    """A task; each number has its own id and namespace."""
    fields = {
        "schema": 1,
        "id": f"restore-psa-{number:04}",
        "runbook": "MKS-PSA-Label-Restore-v3",
        "cluster_id": "mks-us-east-1-prod-03",
        "namespace": f"payments-{number}",
        "owner_alias": "payments-settlement",
        "policy_baseline_version": "psb-2026.07",
        "labels": {LABEL: "restricted"},
        "drift": {"namespace_uid": "0c7b3c2e", "labels": {LABEL: None}},
        "retry_budget": 2,
        "prequalification": {"reference": "CHG-1", "by": "platform-governance", "until_ms": 1_784_700_000_000},
        "incident": None,
        "submission": {"submitter": "ci-platform", "assurance": "claimed", "submitted_ms": 1_784_635_200_000},
    }
    return Task.model_validate({**fields, **changes})


def opened(store: Store, of: Task, *, target: str = TARGET, deadline_ms: int = 1_784_636_100_000) -> Opened:
    """The body of the first entry of a task's run."""
    pins = {
        "content_sha256": "a" * 64,
        "bundle_sha256": store.evidence.put(BUNDLE),
        "capabilities_sha256": "d" * 64,
        "signer_key_id": None,
        "opa_version": "1.22.0",
        "opa_platform": "linux/amd64",
        "opa_sha256": None,
        "opa_basis": "claimed",
    }
    routing = {
        "steps": ["restore"],
        "target_key": ["cluster_id", "namespace"],
        "sources": ["namespace_baseline"],
        "effects": {"gather": "read", "patch_labels": "write", "resolve_write": "read", "verify": "round"},
        "actions": {"cp0": ["gather"], "cp1": ["gather", "patch_labels", "resolve_write"]},
        "retry_budget": 2,
        "label_keys": [LABEL],
        "duration_ms": 900_000,
        "owner": {"name": "Leah Moran", "title": "Director", "queue": "platform-governance"},
    }
    return Opened.model_validate(
        {
            "task": of.model_dump(by_alias=True),
            "pins": pins,
            "routing": routing,
            "target_key": target,
            "deadline_ms": deadline_ms,
            "ledger": store.facts(target).model_dump(),
        }
    )


def start(store: Store, number: int = 1, *, target: str = TARGET, holder: str = "host/1/a") -> Lease:
    """Submit a task and open its run."""
    submitted = task(number)
    store.tasks.submit(submitted)
    return store.runs.open(opened(store, submitted, target=target), holder=holder)[0]


def decide(store: Store, lease: Lease, checkpoint: Any = "cp0", verdict: str = "proceed") -> list[Entry]:
    """Record an observation and a decision with what was asked and answered."""
    with store.runs.batch(lease) as batch:
        observation = batch.append(Draft("observation", {"effect": "gather", "n": verdict}, checkpoint))
        request = batch.put(canonical_bytes({"ledger_head": observation.sha256}))
        answer = batch.put(canonical_bytes({"result": {"verdict": verdict, "head": observation.sha256}}))
        body = {"request": {"body_sha256": request}, "answer": {"body_sha256": answer}, "verdict": verdict}
        return [observation, batch.append(Draft("decision", body, checkpoint))]


def finish(store: Store, lease: Lease, kind: Any = "completed") -> Finished:
    """End a run with a record that names its last entry."""
    with store.runs.batch(lease) as batch:
        return batch.finish(Draft(kind, {"codes": []}, "cp4"), lambda entry: record(kind, entry.sha256))


def record(kind: str, head: str) -> bytes:
    return json.dumps({"kind": kind, "head": head}).encode()


def whole_run(store: Store, number: int = 1, *, target: str = TARGET, kind: str = "completed") -> Finished:
    """A run from task to end, ten entries long."""
    lease = start(store, number, target=target)
    decide(store, lease)
    entries = decide(store, lease, "cp1")
    intent = Draft("intent", {"decision": entries[-1].sha256}, "cp2", attempt=1)
    store.runs.append(lease, intent)
    decide(store, lease, "cp2")
    decide(store, lease, "cp3")
    return finish(store, lease, kind)
