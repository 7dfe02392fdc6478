"""A run whose ledger's only synchronous standby goes away sends no write on an intent that was not confirmed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import LiteralString

import pytest
from tests.fakes.runs import LittleWorld
from tests.postgresql.databases import DATABASES
from tests.postgresql.standby import gone
from tests.promise import broken
from tests.queue.conftest import Queue
from tests.working.conftest import until
from tests.working.crews import working

from runbook_gate.cluster.calls import DRY_RUN, Call
from runbook_gate.errors import LedgerUnwritable
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger.committing import LedgerConnection
from runbook_gate.ledger.leases import LEASE_S

COMMIT_S = "runbook_gate.ledger.committing.COMMIT_S"


def gone_with(sql: LiteralString, patched: pytest.MonkeyPatch, block: ExitStack) -> None:
    """From the first commit of something the standby is gone, until the block ends."""
    commit = LedgerConnection.commit

    def watched(connection: LedgerConnection) -> None:
        if connection.execute(sql).fetchone():
            patched.setattr(LedgerConnection, "commit", commit)
            block.enter_context(gone(DATABASES.server))
            patched.setattr(COMMIT_S, 0.2)
        commit(connection)

    patched.setattr(LedgerConnection, "commit", watched)


def test_no_write_is_sent(tmp_path: Path, bundle: Bundle, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    world, writes = LittleWorld(tmp_path, bundle, sidecar), list[Call]()

    def asked(call: Call) -> None:
        if call.method == "PATCH" and DRY_RUN not in call.query:
            writes.append(call)

    world.submit("task-1", "payments-one")
    world.fault = asked
    with monkeypatch.context() as patched, ExitStack() as block:
        gone_with("SELECT 1 FROM entries WHERE kind = 'intent'", patched, block)
        with pytest.raises(LedgerUnwritable, match="may be there or not"):
            world.run("task-1")
        assert writes == []
    world.clock.advance(LEASE_S * 1000 + 60_000)
    assert world.run("task-1").outcome == "complete"
    assert len(writes) == 1
    with world.open() as store:
        assert broken(store, [*world.server.created, *world.server.audit]) == []
        assert store.verify().consistent


def test_an_executor_is_not_ready_until_commits_are_confirmed_again(
    tmp_path: Path, bundle: Bundle, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so from the first task that it cannot claim, and does nothing for it meanwhile."""
    queue = Queue(tmp_path, bundle, sidecar)
    queue.submit("a")
    with monkeypatch.context() as patched, ExitStack() as block:
        block.enter_context(gone(DATABASES.server))
        patched.setattr(COMMIT_S, 0.2)
        with working(queue, until_empty=True) as works:
            until(lambda: "may be there or not" in works.ask("/readyz")[1]["problems"].get("store", ""))
            patched.undo()
            block.close()
            until(lambda: works.tally is not None)
    assert works.tally is not None
    assert (works.tally.complete, works.notes.faults) == (1, [])
    assert set(works.notes.troubles) == {"LedgerUnwritable"}
