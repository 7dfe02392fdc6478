"""Which model is published as which file of schemas/."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from runbook_gate.models.base import Record
from runbook_gate.models.completion import CompletionRecord
from runbook_gate.models.decision import Decision
from runbook_gate.models.decision_input import DecisionInput
from runbook_gate.models.entry import Entry
from runbook_gate.models.notification import EscalationNotification, RunNotification
from runbook_gate.models.observation import GatherBody, PatchLabelsBody, ResolveWriteBody, VerifyBody
from runbook_gate.models.packet import Packet
from runbook_gate.models.params import (
    FinishParams,
    GatherParams,
    PatchLabelsParams,
    ResolveWriteParams,
    VerifyParams,
)
from runbook_gate.models.parties_document import PartiesDocument
from runbook_gate.models.register_document import (
    ClusterInventory,
    NamespaceBaseline,
    NamespaceOwnership,
    PlatformExceptions,
    RegisterEnvelope,
)
from runbook_gate.models.runbook_document import RunbookDocument
from runbook_gate.models.task import TaskDocument

SCHEMAS: Final[dict[str, type[BaseModel]]] = {
    "completion_record": CompletionRecord,
    "decision": Decision,
    "decision_input": DecisionInput,
    "gather_observation": GatherBody,
    "gather_params": GatherParams,
    "escalation_notification": EscalationNotification,
    "escalation_packet": Packet,
    "finish_params": FinishParams,
    "ledger_entry": Entry,
    "parties": PartiesDocument,
    "patch_labels_observation": PatchLabelsBody,
    "patch_labels_params": PatchLabelsParams,
    "register_cluster_inventory": ClusterInventory,
    "register_envelope": RegisterEnvelope[Record],
    "register_namespace_baseline": NamespaceBaseline,
    "register_namespace_ownership": NamespaceOwnership,
    "register_platform_exceptions": PlatformExceptions,
    "resolve_write_observation": ResolveWriteBody,
    "resolve_write_params": ResolveWriteParams,
    "run_notification": RunNotification,
    "runbook": RunbookDocument,
    "task": TaskDocument,
    "verify_observation": VerifyBody,
    "verify_params": VerifyParams,
}
