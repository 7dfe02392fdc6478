"""The ledger: the only source from which a run is resumed, replayed or reported."""

from runbook_gate.ledger.archive import Archived
from runbook_gate.ledger.batch import Batch
from runbook_gate.ledger.filesystems import FileSystem, filesystem_kind
from runbook_gate.ledger.heads import KeptHead
from runbook_gate.ledger.identifiers import packet_id
from runbook_gate.ledger.notices import OF_ONE, Notification, Telling
from runbook_gate.ledger.records import Draft, Escalation, Finished, Handling, Lease, RunStatus, TaskStatus
from runbook_gate.ledger.reports import ChainReport, HeadReport, Verification
from runbook_gate.ledger.server import Server
from runbook_gate.ledger.store import Store

__all__ = [
    "OF_ONE",
    "Archived",
    "Batch",
    "ChainReport",
    "Draft",
    "Escalation",
    "FileSystem",
    "Finished",
    "Handling",
    "HeadReport",
    "KeptHead",
    "Lease",
    "Notification",
    "RunStatus",
    "Server",
    "Store",
    "TaskStatus",
    "Telling",
    "Verification",
    "filesystem_kind",
    "packet_id",
]
