"""A run whose ledger's only synchronous standby goes away sends no write on an intent that was not confirmed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fakes.cluster import Fault
from tests.fakes.runs import LittleWorld
from tests.postgresql.databases import DATABASES
from tests.postgresql.standby import gone
from tests.promise import broken

from runbook_gate.cluster.calls import DRY_RUN, Call
from runbook_gate.errors import LedgerUnwritable
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger.committing import LedgerConnection
from runbook_gate.ledger.leases import LEASE_S

COMMIT_S = "runbook_gate.ledger.committing.COMMIT_S"


class Watched:
    """A world with one task: how many commits there were when each of its writes was sent."""

    def __init__(self, folder: Path, bundle: Bundle, sidecar: Sidecar) -> None:
        folder.mkdir()
        self.world = LittleWorld(folder, bundle, sidecar)
        self.world.submit("task-1", "payments-one")
        self.world.fault = self._asked
        self.commits, self.writes = 0, list[int]()

    def _asked(self, call: Call) -> Fault | None:
        if call.method == "PATCH" and DRY_RUN not in call.query:
            self.writes.append(self.commits)
        return None


def test_no_write_is_sent(tmp_path: Path, bundle: Bundle, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, last, commit = Watched(tmp_path / "as it should be", bundle, sidecar), 0, LedgerConnection.commit

    with monkeypatch.context() as patched, ExitStack() as block:

        def counted(connection: LedgerConnection) -> None:
            seen.commits += 1
            if seen.commits == last:
                block.enter_context(gone(DATABASES.server))
                patched.setattr(COMMIT_S, 0.2)
            commit(connection)

        patched.setattr(LedgerConnection, "commit", counted)
        assert seen.world.run("task-1").outcome == "complete"
        [last] = seen.writes  # with this commit its intent was recorded
        seen = Watched(tmp_path / "standby gone", bundle, sidecar)
        with pytest.raises(LedgerUnwritable, match="may be there or not"):
            seen.world.run("task-1")
        assert seen.commits >= last
        assert seen.writes == []
    seen.world.clock.advance(LEASE_S * 1000 + 60_000)
    assert seen.world.run("task-1").outcome == "complete"
    with seen.world.open() as store:
        assert broken(store, [*seen.world.server.created, *seen.world.server.audit]) == []
        assert store.verify().consistent
