"""A server that fails: every error becomes an error of the ledger, and what was recorded is known afterwards."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR, finish, opened, start, task
from tests.postgresql.databases import DATABASES, make_tables
from tests.postgresql.line import Line, Moment
from tests.postgresql.server import PostgresServer

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import LedgerBroken, LedgerFault, LedgerUnwritable, Stopped
from runbook_gate.ledger import Draft, Server, Store
from runbook_gate.ledger.faults import mapped
from runbook_gate.store_url import StoreUrl

NOTE = Draft("observation", {})
MAPPINGS: list[tuple[str, type[LedgerFault], str]] = [
    ("08006", LedgerUnwritable, "may be there or not"),
    ("57P01", LedgerUnwritable, "may be there or not"),
    ("40003", LedgerUnwritable, "may be there or not"),
    ("40001", LedgerUnwritable, "another transaction was in the way"),
    ("40P01", LedgerUnwritable, "another transaction was in the way"),
    ("55P03", LedgerUnwritable, "another process keeps the store locked"),
    ("57014", LedgerUnwritable, "took too long"),
    ("25P03", LedgerUnwritable, "held up"),
    ("25006", LedgerUnwritable, "read-only"),
    ("42501", LedgerUnwritable, "lacks a right"),
    ("53100", LedgerUnwritable, "the disk is full"),
    ("53300", LedgerUnwritable, "no connection left"),
    ("53000", LedgerUnwritable, "lacks a resource"),
    ("58030", LedgerUnwritable, "disk reports an error"),
    ("42P01", LedgerUnwritable, "the store failed"),
    ("23001", LedgerBroken, "append-only"),
    ("23505", LedgerBroken, "a rule of the database"),
    ("XX001", LedgerBroken, "damaged"),
]


@pytest.mark.parametrize(("state", "fault", "words"), MAPPINGS, ids=[state for state, _, _ in MAPPINGS])
def test_mapping(state: str, fault: type[LedgerFault], words: str) -> None:
    error = psycopg.errors.lookup(state)("hunter2")
    with pytest.raises(fault, match=words) as told, mapped("postgresql://there"):
        raise error
    assert type(told.value) is fault
    assert str(told.value).startswith("postgresql://there: ")
    assert "hunter2" not in "".join(traceback.format_exception(told.value))


def _all(base: type[Exception]) -> Iterator[type[Exception]]:
    for below in base.__subclasses__():
        yield below
        yield from _all(below)


def test_every_error_of_the_driver_is_mapped() -> None:
    for kind in {*_all(psycopg.Error), psycopg.Error}:
        with pytest.raises(LedgerFault), mapped():
            raise kind("hunter2")


@pytest.fixture
def place() -> Server:
    return DATABASES.fresh()


def open_here(place: Server, *, busy_ms: int = 30_000, read_only: bool = False) -> Store:
    return Store.open(place, clock=ManualClock(), executor=EXECUTOR, busy_ms=busy_ms, read_only=read_only)


def owner(place: Server) -> psycopg.Connection:
    return DATABASES.server.connect(place.url.dbname)


LOCKS = ["leases", "store"]


def locked(connection: psycopg.Connection, table: str) -> None:
    connection.execute("BEGIN")
    connection.execute(sql.SQL("SELECT 1 FROM {} FOR UPDATE").format(sql.Identifier(table)))


def write(store: Store, table: str, lease: Any) -> None:
    if table == "leases":
        store.runs.append(lease, NOTE)
    else:
        store.pauses.pause("freeze", actor="leah")


@pytest.mark.parametrize("table", LOCKS)
def test_a_row_that_stays_locked(place: Server, table: str) -> None:
    with open_here(place, busy_ms=50) as store, owner(place) as other:
        lease = start(store)
        locked(other, table)
        with pytest.raises(LedgerUnwritable, match="keeps the store locked"):
            write(store, table, lease)
        other.execute("ROLLBACK")
        write(store, table, lease)
        assert store.verify().consistent


@pytest.mark.parametrize("table", LOCKS)
def test_who_was_asked_to_stop_waits_for_nobody(place: Server, table: str) -> None:
    with open_here(place, busy_ms=3_600_000) as store, owner(place) as other:
        lease = start(store)
        store.heed(lambda: True)
        locked(other, table)
        with pytest.raises(Stopped, match="locked"):
            write(store, table, lease)
        other.execute("ROLLBACK")
        write(store, table, lease)  # its turn: an append is never given up


@pytest.mark.parametrize("table", LOCKS)
def test_whoever_waits_writes_when_its_turn_comes(place: Server, table: str) -> None:
    waited = list[None]()
    with open_here(place) as store, owner(place) as other:
        lease = start(store)
        locked(other, table)

        def ends_after_some_tries() -> bool:
            waited.append(None)
            if len(waited) == 3:
                other.execute("ROLLBACK")
            return False

        store.heed(ends_after_some_tries)
        write(store, table, lease)
    assert len(waited) == 3


def test_durability_is_asked_for(place: Server) -> None:
    wanted = "synchronous_commit", "transaction_isolation", "transaction_read_only", "application_name", "lock_timeout"
    with owner(place) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(place.url.dbname))
        )
    with open_here(place) as store:
        found = []
        for transaction in (store._database.read, store._database.write):
            with transaction() as connection:
                found.append([connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted])
    assert found == [
        ["on", "repeatable read", "on", "runbook-gate", "30s"],
        ["on", "read committed", "off", "runbook-gate", "30s"],
    ]


def test_read_only_looks_and_changes_nothing(place: Server) -> None:
    with open_here(place) as store, open_here(place, read_only=True) as looking:
        lease = start(store)
        assert looking.runs.entries(lease.run) == store.runs.entries(lease.run)
        for write_it in (lambda: looking.runs.append(lease, NOTE), lambda: looking.tasks.submit(task(2))):
            with pytest.raises(LedgerUnwritable, match="read-only"):
                write_it()


def test_what_the_environment_says_does_not_count(
    place: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    DATABASES.server  # noqa: B018 - the tests' own client minds its environment
    for name, value in {
        "PGSERVICE": "elsewhere",
        "PGSERVICEFILE": str(tmp_path / "services"),
        "PGHOSTADDR": "192.0.2.1",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGPASSFILE": str(tmp_path),
        "PGTARGETSESSIONATTRS": "standby",
        "PGSSLMODE": "verify-full",
    }.items():
        monkeypatch.setenv(name, value)
    with open_here(place) as store:
        assert start(store).number == 1


def test_a_server_that_is_not_there() -> None:
    url = StoreUrl.read("postgresql://gate@127.0.0.1:1/gate")
    with pytest.raises(LedgerUnwritable, match=r"^postgresql://gate@.*\?sslmode=prefer: no connection: .*refused"):
        open_here(Server(url))


def test_a_database_that_is_not_there(place: Server) -> None:
    url = StoreUrl.read(DATABASES.server.url("nowhere"))
    with pytest.raises(LedgerUnwritable, match='database "nowhere" does not exist'):
        open_here(Server(url))


def test_the_password_is_read_anew_and_never_told(place: Server, tmp_path: Path) -> None:
    file = tmp_path / "password"
    with pytest.raises(LedgerUnwritable, match="no password in it"):
        open_here(Server(place.url, file))
    file.write_text("hunter2\n")
    with open_here(Server(place.url, file)) as store:
        assert "hunter2" not in str(Server(place.url, file)) + repr(store._database.place)


def test_another_programs_database_is_left_alone() -> None:
    place = DATABASES.empty()
    with owner(place) as connection:
        connection.execute("CREATE TABLE things (id int)")
    for read_only in (False, True):
        with pytest.raises(LedgerFault, match="not a store of runbook-gate"):
            open_here(place, read_only=read_only)


def test_a_server_that_starts_again_is_found_again() -> None:
    with PostgresServer() as server:
        place = Server(StoreUrl.read(server.url(server.database())))
        make_tables(place)
        with open_here(place) as store:
            lease = start(store)
            for end in (server.stop, server.crash):
                end()
                with pytest.raises(LedgerUnwritable):
                    store.runs.append(lease, NOTE)
                server.start()
                store.runs.append(lease, NOTE)
            assert len(store.runs.entries(lease.run)) == 3


@pytest.fixture
def line() -> Iterator[Line]:
    with Line(DATABASES.server) as made:
        yield made


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_whose_answer_is_lost(place: Server, line: Line, moment: Moment) -> None:
    """The error says that nobody knows; whoever looks again sees all of it or nothing."""
    with open_here(place) as store, open_here(line.to(place)) as far:
        lease = start(store)
        line.moment, line.left = moment, 0
        with pytest.raises(LedgerUnwritable, match="there or not"), far.runs.batch(lease) as batch:  # noqa: PT012
            batch.append(NOTE)
            batch.put(b"with it")
        line.left = None
        there = moment == "after"
        assert len(far.runs.entries(lease.run)) == 1 + there
        assert far.evidence.has(sha256_hex(b"with it")) is there
        assert far.runs.append(lease, NOTE).seq == 2 + there
        finish(far, lease)
        assert store.verify().consistent


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_opening_whose_answer_is_lost(place: Server, line: Line, moment: Moment) -> None:
    with open_here(place) as store, open_here(line.to(place)) as far:
        store.tasks.submit(task())
        body = opened(store, task())
        line.moment, line.left = moment, 0
        with pytest.raises(LedgerUnwritable, match="may be there or not"):
            far.runs.open(body, holder="far")
        status = store.tasks.status(task().id)
        assert (status.state, status.run is not None) == (("active", True) if moment == "after" else ("queued", False))
        assert store.verify().consistent


def test_evidence_that_another_keeps_at_the_same_time(place: Server) -> None:
    data = b"shared"
    with open_here(place) as store, owner(place) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN")
        other.execute("INSERT INTO evidence VALUES (%s, %s)", (sha256_hex(data), data))
        put = pool.submit(store.evidence.put, data)
        waiting = "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        with DATABASES.server.connect() as looking:
            while not (put.done() or looking.execute(waiting, (place.url.dbname,)).rowcount):
                pass
        other.execute("COMMIT")
        assert put.result() == sha256_hex(data)
