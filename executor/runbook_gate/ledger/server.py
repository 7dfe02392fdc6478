"""Connections to a PostgreSQL server. Nothing but the configuration says where to, as whom and how."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import certifi
import psycopg
from sqlalchemy import Connection, Engine, create_engine, event

from runbook_gate.errors import LedgerFault, LedgerUnwritable
from runbook_gate.ledger.committing import LedgerConnection
from runbook_gate.ledger.turns import TURNS, WRITES, Turns
from runbook_gate.printable import printable
from runbook_gate.store_url import StoreUrl

OLDEST: Final = 140_000
_NOWHERE: Final = "/dev/null/none"  # no file can be there; libpq takes an empty name for its default
_CONNECT_S: Final = 5
_STATEMENT_MS: Final = 60_000
_READ_STATEMENT_MS: Final = 600_000  # a whole chain is checked in one
_IDLE_MS: Final = 30_000  # a process that was frozen in a transaction holds its locks no longer
_LONGEST_PASSWORD: Final = 4096
_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Server:
    """Where a store is, and what it takes to get there.

    Attributes:
        url: where.
        password_file: file with the role's password, read anew for each connection; None: none is needed.
        ca_file: authorities of the server's certificate; None: certifi's.
    """

    url: StoreUrl
    password_file: Path | None = None
    ca_file: Path | None = None

    def __str__(self) -> str:
        return str(self.url)


def postgres_engine(server: Server, turns: Turns, *, read_only: bool = False) -> Engine:
    """Make the engine of a store on a PostgreSQL server.

    - A transaction that reads is REPEATABLE READ: it sees one state of the store.
    - One that writes is READ COMMITTED: whatever it decides on it has locked before it looks.

    Args:
        server: where it is.
        turns: how a transaction waits for a row that another one has locked.
        read_only: refuse every write.

    Returns:
        The engine; nothing was connected yet.
    """
    _forget_environment()
    engine = create_engine("postgresql+psycopg://", pool_pre_ping=True, use_native_hstore=False, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, _arguments: object, _options: object) -> psycopg.Connection:
        return _connected(server, turns, read_only=read_only)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES) and not read_only
        _driver(connection).execute(_BEGIN_TO_WRITE if writes else _BEGIN_TO_READ)

    return engine.execution_options(**{TURNS: turns})


_BEGIN_TO_READ: Final = f"""BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = {_READ_STATEMENT_MS}"""
_BEGIN_TO_WRITE: Final = f"""BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MS}"""


def _forget_environment() -> None:
    """Take libpq's variables out of this process's environment: PGSERVICE counts even if all else is given."""
    for option in psycopg.pq.Conninfo.get_defaults():
        if option.envvar:
            os.environ.pop(option.envvar.decode(), None)


def _connected(server: Server, turns: Turns, *, read_only: bool) -> psycopg.Connection:
    try:
        connection = LedgerConnection.connect(**_parameters(server))
    except psycopg.Error as error:
        told = printable(str(error).partition("\n")[0])[
            :_LONGEST_REASON
        ]  # of the server and of libpq: no statement yet
        raise LedgerUnwritable(
            f"{server}: no connection: {told}",
            advice="See that the server runs, and what `store`, `store_password_file` and `store_ca_file` say.",
        ) from None
    try:
        _prepare(connection, server, turns, read_only=read_only)
    except BaseException:
        connection.close()
        raise
    return connection


def _parameters(server: Server) -> dict[str, Any]:
    return {
        "user": server.url.user,
        "password": _password(server.password_file) if server.password_file else "",
        "host": server.url.host,
        "port": server.url.port,
        "dbname": server.url.dbname,
        "sslmode": server.url.sslmode,
        "sslrootcert": str(server.ca_file or certifi.where()),
        "gssencmode": "disable",
        "connect_timeout": _CONNECT_S,
        "application_name": "runbook-gate",
        "client_encoding": "UTF8",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": _STATEMENT_MS,
        **dict.fromkeys(("passfile", "sslcert", "sslkey", "sslcrl"), _NOWHERE),
        "autocommit": True,  # transactions begin where `_begun` says so
    }


def _password(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            password = opened.read(_LONGEST_PASSWORD + 1).removesuffix(b"\n").decode()
    except (OSError, UnicodeDecodeError):
        password = ""
    if not password or len(password) > _LONGEST_PASSWORD or "\x00" in password:
        raise LedgerUnwritable(
            f"{file}: there is no password in it that can be read.",
            advice="Write the role's password, on one line, into the file that is `store_password_file`.",
        )
    return password


def _prepare(connection: psycopg.Connection, server: Server, turns: Turns, *, read_only: bool) -> None:
    """Set up a connection, and see that it is as it was asked for."""
    version = connection.info.server_version
    if version < OLDEST:
        raise LedgerFault(
            f"{server}: the server is PostgreSQL {version // 10_000}",
            advice="Use PostgreSQL 14 or newer for the store.",
        )
    wanted = {
        "synchronous_commit": "on",
        "statement_timeout": f"{_STATEMENT_MS}ms",
        "lock_timeout": f"{max(1, turns.busy_ms)}ms",
        "default_transaction_read_only": "on" if read_only else "off",
        "row_security": "off",
        "client_min_messages": "warning",  # a commit that may be lost is told as one
    }
    each = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
    connection.execute(f"SELECT {each}", [text for setting in wanted.items() for text in setting])
    if connection.execute("SHOW synchronous_commit").fetchone() != ("on",):
        raise LedgerUnwritable(f"{server}: the server does not wait until a commit is durable")


def is_server(connection: Connection) -> bool:
    """Whether a store is on a server, where several may write at once."""
    return connection.dialect.name == "postgresql"


def _driver(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError
    return driver
