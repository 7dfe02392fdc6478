"""Whole runs as the runtime role, and what an auditor can do: the rights are enough, and none is left over."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from tests.fakes.clock import ManualClock
from tests.fakes.runs import LittleWorld
from tests.ledger.samples import EXECUTOR
from tests.postgresql import PostgresServer
from tests.roles.roled import AUDITOR, RUNTIME, TABLES, RoledStore
from tests.roles.test_forbidden import CHANGES

from runbook_gate.cli.main import run
from runbook_gate.configuration import Settings
from runbook_gate.doctor import store as doctor
from runbook_gate.errors import EnvironmentFault, LedgerFault, Stopped
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Store, tables

_UPDATE = re.compile(r"UPDATE (\w+) SET (.*?) WHERE|UPDATE (store) SET (.*)", re.DOTALL)
_SUBMITTED_BY_NOBODY = {"reference": "CHG-1", "by": "nobody-known", "until_ms": 4_000_000_000_000}


@contextmanager
def updated_columns() -> Iterator[dict[str, set[str]]]:
    """Which columns of which tables are updated meanwhile, in any store."""
    found = defaultdict[str, set[str]](set)

    def look(_connection: object, _cursor: object, statement: str, *_rest: Any) -> None:
        if match := _UPDATE.match(statement):
            table, assigned = match[1] or match[3], match[2] or match[4]
            found[table] |= set(re.findall(r"(\w+)=", assigned))

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", look)


@pytest.fixture
def own(server: PostgresServer) -> RoledStore:
    """A store for the test alone."""
    made = RoledStore(server)
    made.grant()
    return made


def test_an_executor_needs_its_rights_and_no_other(
    own: RoledStore, tmp_path: Path, bundle: Bundle, sidecar: Sidecar
) -> None:
    world = LittleWorld(tmp_path, bundle, sidecar)
    world.settings = world.settings.model_copy(update={"store": own.place(RUNTIME).url})
    with updated_columns() as changed:
        world.submit("complete", "payments-one")
        assert world.run("complete").outcome == "complete"
        world.submit("escalated", "payments-two", prequalification=_SUBMITTED_BY_NOBODY)
        escalated = world.run("escalated")
        world.submit("resumed", "payments-three")
        stop_once(world, "resumed")
        assert world.run("resumed").outcome == "complete"
        queue_and_people(world, str(escalated.packet))
    assert dict(changed) == CHANGES
    with world.open() as store:
        assert store.verify().result == "chain consistent"
    assert doctor.role(world.settings) == "runbook_gate owns nothing, and may change and delete nothing of the record"


def stop_once(world: LittleWorld, task: str) -> None:
    with world.open() as store:
        world.stopping = lambda: store.tasks.status(task).run is not None
        with pytest.raises(Stopped):
            world.run(task)
        world.stopping = lambda: False


def queue_and_people(world: LittleWorld, packet: str) -> None:
    """What else is written to a store."""
    world.submit("queued", "payments-four")
    with world.open() as store:
        claimed = store.tasks.claim("worker-1")
        assert claimed
        store.tasks.unclaim(claimed.id, "worker-1")
        store.tasks.defer("queued", 0)
        store.tasks.withdraw("queued", actor="leah")
        store.pauses.pause("freeze", actor="leah")
        store.pauses.unpause(actor="leah")
        store.escalations.acknowledge(packet, actor="leah", note="seen")
        store.escalations.resolve(packet, actor="leah", note="done")
        store.restorations.record(actor="leah", backup_sha256=None)
        [told, *_] = store.outbox.list()
        assert store.outbox.reserve(told)
        store.outbox.settle(told.id, "refused")
        store.outbox.settle(told.id, None)


def test_an_auditor_verifies_and_records_nothing(own: RoledStore) -> None:
    place, clock = own.place(AUDITOR), ManualClock()
    with Store.open(place, clock=clock, executor=EXECUTOR, read_only=True) as store:
        assert store.verify().result == "chain consistent"
        assert (store.tasks.list(), store.runs.list()) == ([], [])
    with Store.open(place, clock=clock, executor=EXECUTOR) as store, pytest.raises(LedgerFault, match="lacks a right"):
        store.evidence.put(b"some")


def test_nobody_but_the_owner_makes_tables(own: RoledStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with own.server.connect(own.name) as connection:
        connection.execute("DROP OWNED BY owner_of_tables CASCADE")
        for role, status in ((RUNTIME, 13), (AUDITOR, 13), (TABLES, 0)):
            assert run(["db", "upgrade", "--store", own.server.url(own.name, user=role)]) == status
            made = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            assert made == (0 if status else len(tables.metadata.tables),)


def test_the_file_may_be_run_again_and_takes_away_what_was_given(own: RoledStore) -> None:
    with own.server.connect(own.name) as connection:
        connection.execute(f"GRANT ALL ON entries TO {RUNTIME}")
        connection.execute(f"GRANT UPDATE (data) ON evidence TO {AUDITOR}")
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        before = rights(connection)
        own.grant()
        after = rights(connection)
        own.grant()
        assert rights(connection) == after
        assert after < before
        assert {column for grantee, table, column in after if (grantee, table) == (RUNTIME, "entries")} == set()


def rights(connection: psycopg.Connection) -> set[tuple[Any, ...]]:
    return set(
        connection.execute(
            "SELECT grantee, table_name, column_name FROM information_schema.column_privileges"
            " WHERE privilege_type = 'UPDATE' AND grantee LIKE 'runbook%'"
        )
    )


def test_other_names(own: RoledStore) -> None:
    own.grant(runtime="gate_worker", auditor="gate_reader")
    with own.server.connect(own.name, user="gate_worker") as connection:
        connection.execute("INSERT INTO evidence VALUES ('0', '')")
    with own.server.connect(own.name, user="gate_reader") as connection:
        assert connection.execute("SELECT sha256 FROM evidence").fetchall() == [("0",)]


@pytest.mark.parametrize(
    ("made", "names"),
    [
        ("CREATE ROLE strong LOGIN CREATEDB", {"runtime": "strong"}),
        (f"CREATE ROLE member LOGIN IN ROLE {TABLES}", {"auditor": "member"}),
        ("SELECT 1", {"runtime": TABLES}),
    ],
)
def test_a_role_that_may_do_more_is_refused(own: RoledStore, made: str, names: dict[str, str]) -> None:
    with own.server.connect() as connection:
        connection.execute(made)
    with pytest.raises(Exception, match="returned non-zero") as refused:
        own.grant(**names)
    assert re.search("may do more|may still make", refused.value.stderr)  # type: ignore[attr-defined]


def test_the_doctor_says_what_a_role_should_not_have(own: RoledStore, tmp_path: Path) -> None:
    told = {}
    with own.server.connect(own.name) as connection:
        connection.execute("GRANT DELETE ON entries TO runbook_gate")
        connection.execute("GRANT UPDATE (data) ON journal TO runbook_gate")
        connection.execute("REVOKE INSERT ON leases FROM runbook_gate")
    for role in (TABLES, RUNTIME, AUDITOR):
        with pytest.raises(EnvironmentFault) as found:
            doctor.role(Settings(store=own.place(role).url))
        told[role] = str(found.value)
    more = "may do more than it should"
    assert f"the role {TABLES} {more}: owns entries, owns escalations, owns evidence" in told[TABLES]
    assert told[RUNTIME] == (
        f"the role runbook_gate {more}: DELETE on entries, UPDATE of columns of journal; it lacks INSERT on leases."
    )
    assert told[AUDITOR].startswith("it lacks INSERT on")
