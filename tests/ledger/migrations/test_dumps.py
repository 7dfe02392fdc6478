"""What docs/postgresql.md says of a dump: it restores to the same store, which then is marked as restored."""

from __future__ import annotations

from tests.ledger.migrations.acts import examined, opened, upgraded
from tests.ledger.migrations.stores import FIRST, OnServer
from tests.postgresql import PostgresServer
from tests.postgresql.server import OWNER

from runbook_gate.ledger.restorations import REASON


def test_a_dump_restores_to_the_same_store(server: PostgresServer, old_on_server: OnServer) -> None:
    upgraded(old_on_server)
    restored, file = OnServer(server), str(server.folder / "store.dump")
    where = ("-h", "127.0.0.1", "-p", str(server.port), "-U", OWNER)
    server.run("pg_dump", *where, "-Fc", "-f", file, old_on_server.place.url.dbname)
    server.run("pg_restore", *where, "--exit-on-error", "-d", restored.place.url.dbname, file)
    assert examined(restored).current
    assert {table: restored.contents(table) for table in FIRST} == {
        table: old_on_server.contents(table) for table in FIRST
    }
    with opened(restored.place) as store:
        assert store.verify().result == "chain consistent"
        assert store.restorations.record(actor="leah", backup_sha256=None) == ["open", "queued"]
        [run] = store.runs.list("active")
        paused = store.facts(run.target_key, run=run.id).paused
        assert paused
        assert paused.reason == REASON
        assert store.verify().result == "chain consistent"
