"""Which database has the ledger: recorded in each entry, told to the gate, and read by a role without rights."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.ledger.samples import EXECUTOR, TARGET, decide, start
from tests.postgresql import PostgresServer, Standby

from runbook_gate.clock import SystemClock
from runbook_gate.errors import EntriesLost, LedgerUnwritable
from runbook_gate.ledger import Draft, Server, Store
from runbook_gate.models.database import DatabaseIdentity
from runbook_gate.models.entry import EntryFields
from runbook_gate.store_url import StoreUrl


def opened(url: str, *, read_only: bool = False) -> Store:
    return Store.open(Server(StoreUrl.read(url)), clock=SystemClock(), executor=EXECUTOR, read_only=read_only)


def stated(server: PostgresServer) -> DatabaseIdentity:
    """What PostgreSQL's own program says of the data folder."""
    told = dict(line.split(":", 1) for line in server.run("pg_controldata", str(server.data)).stdout.splitlines())
    timeline = int(told["Latest checkpoint's TimeLineID"])
    return DatabaseIdentity(system_identifier=told["Database system identifier"].strip(), timeline_id=timeline)


def test_each_entry_and_the_source_ledger_tell_it(server: PostgresServer, database: str) -> None:
    with opened(server.url(database)) as store:
        lease = start(store)
        decide(store, lease)
        facts = store.facts(TARGET, ["01kq2a", lease.run], run=lease.run)
        here = stated(server)
        assert [entry.database for entry in store.runs.entries(lease.run)] == [here] * 3
        assert (facts.database, facts.recorded_by, facts.known_runs) == (here, [here], [lease.run])
        assert store.facts("another").recorded_by == [here]
        assert store.verify().result == "chain consistent"


def test_a_role_without_rights_may_ask(server: PostgresServer, database: str) -> None:
    with server.connect() as connection:
        connection.execute("CREATE ROLE nobody_special LOGIN")
    with server.connect(database) as connection:
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO nobody_special")
    with opened(server.url(database, user="nobody_special"), read_only=True) as store:
        assert store.facts(TARGET).database == stated(server)


def test_the_timeline_of_a_promotion_is_seen_at_once(server: PostgresServer, database: str) -> None:
    """Also by whoever was connected before; and what was recorded after the cut is not followed by anything."""
    with opened(server.url(database)) as store, Standby(server) as standby:
        before, lease = stated(server), start(store)
        standby.cut_off()
        lost = store.runs.append(lease, Draft("observation", {"effect": "gather"}))
        standby.take_over()
        after = before.model_copy(update={"timeline_id": before.timeline_id + 1})
        assert store.facts(TARGET, run=lease.run).database == after
        with pytest.raises(EntriesLost):
            store.runs.append(lease, Draft("observation", {"effect": "gather"}), head=lost.sha256)
        store.runs.append(lease, Draft("observation", {"effect": "gather"}))
        assert store.facts(TARGET, run=lease.run).recorded_by == [before, after]


def test_a_standby_says_what_it_is_and_does_nothing(server: PostgresServer, database: str) -> None:
    with opened(server.url(database)) as store:
        start(store)
    with Standby(server) as standby:
        standby.follow()
        with pytest.raises(LedgerUnwritable, match="a standby"):
            opened(standby.url(database))
        with opened(standby.url(database), read_only=True) as store, pytest.raises(LedgerUnwritable, match="a standby"):
            store.facts(TARGET)


def test_entries_of_a_store_in_a_file_are_the_same_bytes_as_ever(tmp_path: Path) -> None:
    """Neither field is there, not even as null: older entries keep their hashes, and newer ones their form."""
    file = tmp_path / "ledger.sqlite"
    with Store.open(file, clock=SystemClock(), executor=EXECUTOR, allow_unfit=True) as store:
        lease = start(store)
        assert store.runs.entries(lease.run)[0].database is None
        assert (store.facts(TARGET).database, store.facts(TARGET, run=lease.run).recorded_by) == (None, [None])
    with closing(sqlite3.connect(file)) as connection:
        [(data,)] = connection.execute("SELECT data FROM entries").fetchall()
    assert set(json.loads(data)) == set(EntryFields.model_json_schema()["properties"]) - {
        "system_identifier",
        "timeline_id",
    }
