"""Runs in memory whose first write landed unseen and was taken back by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.cluster import FakeAuditLog, Fault
from tests.fakes.runs import LittleWorld
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.audit.protocol import AuditQuery
from runbook_gate.cluster import calls
from runbook_gate.cluster.calls import Call
from runbook_gate.cluster.protocol import LabelPatch
from runbook_gate.demo.stage import REMOVED, rfc3339
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.models.audit_answer import AuditAnswer

NAMESPACE = "payments-one"


class LateAuditLog(FakeAuditLog):
    """A log that lacks some events, or is behind.

    Attributes:
        lacks: whether it lacks an event.
        behind_ms: by how much its newest event is older than the newest there is.
    """

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.lacks: Callable[[Mapping[str, Any]], bool] = lambda event: False
        self.behind_ms = 0

    def lookup(self, query: AuditQuery) -> AuditAnswer:
        whole, self._server.audit = self._server.audit, [e for e in self._server.audit if not self.lacks(e)]
        try:
            answer = super().lookup(query)
        finally:
            self._server.audit = whole
        newest_ms = answer.newest_ms - self.behind_ms if answer.newest_ms is not None else None
        return answer.model_copy(update={"newest_ms": newest_ms})


class DoubtfulWorld(LittleWorld):
    """The first write is answered 504 and lands; then the platform team removes the labels again."""

    def __init__(self, folder: Path, bundle: Bundle, sidecar: Sidecar) -> None:  # noqa: F811 - not the fixtures
        super().__init__(folder, bundle, sidecar)
        self.log = LateAuditLog(self.server)
        self.audit_log = lambda server: self.log
        self.fault = self._first_write
        until = rfc3339(datetime.now(UTC) + timedelta(minutes=3))
        approval = {"reference": "CHG-20431", "by": "platform-governance", "until": until}
        self.submit("task-1", NAMESPACE, prequalification=approval)

    def _first_write(self, call: Call) -> Fault | None:
        if call.method != "PATCH" or ("dryRun", "All") in call.query:
            return None
        self.fault = lambda call: None
        self.server.handle(call)
        self.server.audit[-1]["responseStatus"]["code"] = 504
        self.by_platform_team(REMOVED)
        return Fault("timed_out")

    def by_platform_team(self, labels: Mapping[str, str | None]) -> None:
        """Somebody else writes the namespace."""
        metadata = self.server.namespaces[NAMESPACE]["metadata"]
        patch = LabelPatch(NAMESPACE, metadata["uid"], metadata["resourceVersion"], dict(labels), "kubectl")
        self.server.handle(calls.patch_namespace(patch, dry_run=False, audit_id=None), "platform-team")


@pytest.fixture
def world(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> DoubtfulWorld:  # noqa: F811 - fixtures
    """With one task, of the doubtful write."""
    return DoubtfulWorld(tmp_path, bundle, sidecar)
