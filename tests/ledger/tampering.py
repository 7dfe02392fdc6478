"""What the owner of a configured ledger can do to it behind the triggers, in a file and on a server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.ledger.attack import ServerAttacker
from tests.postgresql.databases import DATABASES

from runbook_gate.store_url import StoreUrl


def tamper(store: Path | StoreUrl, statement: str, *values: object) -> None:
    """Change rows; the triggers are there again afterwards."""
    if not isinstance(store, Path):
        with DATABASES.server.connect(store.dbname) as connection:
            attacker = ServerAttacker(connection)
            attacker.forget_foreign_keys()
            assert attacker.execute(statement, values).rowcount > 0
        return
    with closing(sqlite3.connect(store)) as file:
        triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            file.execute(f"DROP TRIGGER {name}")
        assert file.execute(statement, values).rowcount > 0
        for _, made in triggers:
            file.execute(made)
        file.commit()


def take_away(store: Path | StoreUrl) -> None:
    """Let nobody find it, whoever has it open included."""
    if isinstance(store, Path):
        store.rename(store.with_name("away"))
        return
    with DATABASES.server.connect() as connection:
        connection.execute(f'ALTER DATABASE "{store.dbname}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (store.dbname,))


def bring_back(store: Path | StoreUrl) -> None:
    """Let it be where it was."""
    if isinstance(store, Path):
        store.with_name("away").rename(store)
        return
    with DATABASES.server.connect() as connection:
        connection.execute(f'ALTER DATABASE "{store.dbname}" ALLOW_CONNECTIONS true')
