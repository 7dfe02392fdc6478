"""verify: one round. On each API server, over a new connection: readback, probes, readback."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.canonical import gate_bytes, sha256_hex
from runbook_gate.cluster.difference import additions, differing_pointers
from runbook_gate.cluster.messages import SentObject
from runbook_gate.cluster.projection import http_answer, namespace_read
from runbook_gate.cluster.protocol import Cluster, Connection, Exchange
from runbook_gate.effects.context import EffectContext
from runbook_gate.effects.protocol import Effect, FenceFacts
from runbook_gate.models.observation import Probe, ServerRound, VerifyBody
from runbook_gate.models.params import ProbeSpec, VerifyParams
from runbook_gate.shapes import mapping, parse_object

ALLOWANCE_S: Final = 40.0
KINDS: Final = {"pods": "Pod", "podtemplates": "PodTemplate"}
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}")


class Verify(Effect[VerifyParams, VerifyBody]):
    """Creates with dryRun=All only."""

    name = "verify"
    params = VerifyParams
    body = VerifyBody

    def violation(self, params: VerifyParams, facts: FenceFacts) -> str | None:
        """Target and labels are the task's and the runbook's, every probe is a nameless pod or template."""
        rules = {
            "namespace": params.namespace == facts.task.namespace,
            "labels": sorted(params.label_keys) == sorted(facts.label_keys),
            "audit_ids": _probed(facts.rounds).issuperset(params.audit_ids),
            "since": params.since_ms == facts.since_ms,
            "probe": all(_is_probe(spec) for spec in params.probes),
        }
        return next((code for code, kept in rules.items() if not kept), None)

    def run(self, params: VerifyParams, context: EffectContext) -> VerifyBody:
        """One round on each listed server, or on the default address; then the audit events of the probes."""
        until = time.monotonic() + ALLOWANCE_S
        servers = [
            _round(cluster, params, context.label_keys, until - time.monotonic())
            for cluster in context.servers or (context.cluster,)
        ]
        sent = {probe.audit_id for server in servers for probe in server.probes}
        query = AuditQuery(
            audit_ids=frozenset(params.audit_ids) | sent,
            namespace=params.namespace,
            since_ms=params.since_ms,
            label_keys=context.label_keys,
        )
        return VerifyBody(
            effect="verify",
            sampled=not context.servers,
            servers=servers,
            audit=context.audit.lookup(query),
        )


def _probed(rounds: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Audit-IDs of the probes of earlier rounds."""
    return frozenset(probe["audit_id"] for one in rounds for server in one["servers"] for probe in server["probes"])


def _is_probe(spec: ProbeSpec) -> bool:
    metadata = spec.manifest.get("metadata", {})
    return (
        _NAME.fullmatch(spec.name) is not None
        and spec.manifest.get("apiVersion") == "v1"
        and spec.manifest.get("kind") == KINDS[spec.resource]
        and isinstance(metadata, dict)
        and not metadata.keys() & {"name", "namespace", "generateName"}
    )


def _round(cluster: Cluster, params: VerifyParams, label_keys: tuple[str, ...], within_s: float) -> ServerRound:
    with cluster.open(within_s) as connection:
        first = namespace_read(connection.read_namespace(params.namespace), label_keys)
        there = first.object is not None
        probes = [_probe(connection, spec, params.namespace, send=there) for spec in params.probes]
        last = connection.read_namespace(params.namespace) if there else connection.skipped()
        return ServerRound(endpoint=cluster.name, first=first, probes=probes, last=namespace_read(last, label_keys))


def _probe(connection: Connection, spec: ProbeSpec, namespace: str, *, send: bool) -> Probe:
    audit_id = str(uuid.uuid4())
    name = f"rbgate-probe-{spec.name.lower()}-{uuid.uuid4().hex[:8]}"
    answer = connection.skipped()
    if send:
        manifest = {
            **spec.manifest,
            "metadata": {**mapping(spec.manifest.get("metadata")), "name": name, "namespace": namespace},
        }
        answer = connection.create(spec.resource, namespace, manifest, audit_id=audit_id)
    returned = _returned(answer, spec)
    return Probe(
        name=spec.name,
        template_sha256=sha256_hex(gate_bytes(spec.manifest)),
        resource=spec.resource,
        object_name=name,
        audit_id=audit_id,
        http=http_answer(answer, SentObject(spec.resource, name)),
        differs=differing_pointers(spec.manifest, returned) if returned else [],
        additions=additions(spec.manifest, returned) if returned else 0,
    )


def _returned(answer: Exchange, spec: ProbeSpec) -> Mapping[str, Any]:
    found = parse_object(answer.body)
    return found if found.get("kind") == spec.manifest.get("kind") else {}
