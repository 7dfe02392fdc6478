"""A commit that the server does not confirm, or not as it was asked to: it ends in time, and not as a success."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Literal

import pytest
from psycopg import sql
from tests.ledger.samples import start
from tests.ledger.test_server_faults import NOTE, open_here
from tests.postgresql.databases import DATABASES
from tests.postgresql.standby import gone, waiting

from runbook_gate.errors import LedgerUnwritable
from runbook_gate.ledger import Server, Store
from runbook_gate.ledger.committing import LedgerConnection
from runbook_gate.ledger.faults import mapped
from runbook_gate.ledger.records import Lease
from runbook_gate.models.entry import Entry

COMMIT_S = "runbook_gate.ledger.committing.COMMIT_S"
FOREVER_S = 3_600.0
LATE_WARNING = """
CREATE TABLE anything (id int);
CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'now'; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON anything DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION warn();
"""


@pytest.fixture
def place() -> Server:
    return DATABASES.fresh()


@pytest.fixture
def store(place: Server) -> Iterator[Store]:
    with open_here(place) as opened:
        yield opened


def there_all_the_same(store: Store, lease: Lease) -> None:
    """The server has it; once the standby is back, everything goes on from there."""
    assert len(store.runs.entries(lease.run)) == 2
    assert store.runs.append(lease, NOTE).seq == 3
    assert store.verify().consistent


def test_a_commit_whose_standby_is_gone_ends_in_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = start(store)
    with gone(DATABASES.server):
        monkeypatch.setattr(COMMIT_S, 0.2)
        with pytest.raises(LedgerUnwritable, match=r"may be there or not.*40003") as told:
            store.runs.append(lease, NOTE)
        with DATABASES.server.connect() as connection:
            assert waiting(connection) == []  # and it holds no lock any longer
        monkeypatch.undo()
    assert "standby" in str(told.value.advice)
    there_all_the_same(store, lease)


def freed(append: Future[Entry], how: Literal["cancel", "terminate"]) -> None:
    """Do what a DBA does who sees a session that hangs."""
    with DATABASES.server.connect() as connection:
        while not append.done():
            for pid in waiting(connection):
                connection.execute(sql.SQL("SELECT {}(%s)").format(sql.Identifier(f"pg_{how}_backend")), [pid])


@pytest.mark.parametrize("how", ["cancel", "terminate"])
@pytest.mark.parametrize("told", ["notice", "error"])
def test_a_commit_that_somebody_frees_is_no_success(
    place: Server, how: Literal["cancel", "terminate"], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the role wants to be told."""
    monkeypatch.setattr(COMMIT_S, FOREVER_S)
    with DATABASES.server.connect(place.url.dbname) as connection:
        name = sql.Identifier(place.url.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET client_min_messages = {}").format(name, sql.Literal(told)))
    with open_here(place) as store:
        lease = start(store)
        with gone(DATABASES.server), ThreadPoolExecutor(1) as pool:
            append = pool.submit(store.runs.append, lease, NOTE)
            freed(append, how)
        with pytest.raises(LedgerUnwritable, match="may be there or not"):
            append.result()
        there_all_the_same(store, lease)


def test_whoever_looks_at_the_store_hears_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first commit that was not confirmed, and until one is, also while nobody writes."""
    lease = start(store)
    with gone(DATABASES.server):
        store.look()  # it writes nothing, and knows nothing yet
        monkeypatch.setattr(COMMIT_S, 0.2)
        with pytest.raises(LedgerUnwritable):
            store.runs.append(lease, NOTE)
        assert store.tasks.claim("somebody") is None  # a transaction that changes nothing is confirmed by nobody
        for _ in range(2):
            with pytest.raises(LedgerUnwritable, match="may be there or not"):
                store.look()
        monkeypatch.undo()
    store.look()
    there_all_the_same(store, lease)


def connected(place: Server) -> LedgerConnection:
    url = place.url
    return LedgerConnection.connect(host=url.host, port=url.port, user=url.user, dbname=url.dbname, autocommit=True)


def test_a_server_that_does_not_hear_is_not_waited_for(place: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COMMIT_S, 0.1)
    monkeypatch.setattr("runbook_gate.ledger.committing._CANCEL_S", 0.1)
    with closing(connected(place)) as connection:
        connection.execute("BEGIN; CREATE TABLE anything ()")
        server = connection.info.backend_pid
        os.kill(server, signal.SIGSTOP)
        try:
            with pytest.raises(LedgerUnwritable, match="may be there or not"), mapped():
                connection.commit()
        finally:
            os.kill(server, signal.SIGCONT)
        assert connection.closed


def test_any_other_warning_is_none_of_this(place: Server) -> None:
    with closing(connected(place)) as connection:
        heard = list[str | None]()
        connection.add_notice_handler(lambda notice: heard.append(notice.source_function))
        connection.execute(LATE_WARNING)
        connection.execute("BEGIN; INSERT INTO anything VALUES (1)")
        assert heard == []
        connection.commit()
        assert heard == ["exec_stmt_raise"]
        assert connection.execute("SELECT id FROM anything").fetchall() == [(1,)]
