"""Stores of older releases, as their programs left them."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

_HERE = Path(__file__).parent
TASKS = {"complete": "complete", "escalated": "escalated", "open": None, "queued": None, "withdrawn": "withdrawn"}


def version_1(path: Path) -> Path:
    """A store of the first release: a complete run, an escalated one, one in the middle of its write, a queue."""
    dump = gzip.decompress((_HERE / "version-1.sql.gz").read_bytes()).decode("utf-8")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(dump)
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def schema(path: Path) -> list[str]:
    """Every table, index and trigger of an SQLite file, as statements."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
        return [sql for (sql,) in rows]


def contents(path: Path, table: str) -> list[tuple[object, ...]]:
    """Every row of a table of an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
