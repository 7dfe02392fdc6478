"""What somebody who owns the store's file or database can do to it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.ledger.triggers import sqlite_triggers


class Attacker(Protocol):
    """A plain connection to the store, each statement its own transaction; no code of ours."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Any: ...


class ServerAttacker:
    """Says to PostgreSQL what is written for SQLite.

    Args:
        connection: its connection.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        connection.execute("SET lock_timeout = '5s'")

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Any:
        said = re.sub(r"CAST\((.*) AS BLOB\)", r"convert_to(\1, 'UTF8')", statement.replace("?", "%s"))
        said = said.replace("replace(data,", "replace(convert_from(data, 'UTF8'),")
        said = re.sub(r"DROP TRIGGER ([a-z]+)_(\w+)", r"DROP TRIGGER \1_\2 ON \1", said)
        return self.connection.execute(said, values or None)

    def forget_foreign_keys(self) -> None:
        """As SQLite does for whoever does not ask for them. Triggers are forgotten too."""
        self.connection.execute("SET session_replication_role = replica")


def forget_triggers(attacker: Attacker) -> None:
    """Let nothing keep the tables from being changed."""
    if isinstance(attacker, ServerAttacker):
        attacker.forget_foreign_keys()
        return
    for name in sqlite_triggers():
        attacker.execute(f"DROP TRIGGER {name}")


@dataclass
class Attack:
    """A store with a complete, an escalated and an active run, and every means to change it."""

    connection: sqlite3.Connection | ServerAttacker
    complete: str
    escalated: str
    active: str

    def do(self, statement: str, *values: object) -> None:
        assert self.connection.execute(statement, values).rowcount, "the attack changed nothing"

    def read(self, run: str, seq: int) -> dict[str, Any]:
        row = self.connection.execute("SELECT data FROM entries WHERE run = ? AND seq = ?", (run, seq)).fetchone()
        fields: dict[str, Any] = json.loads(row[0])
        return fields

    def forge(self, run: str, seq: int, data: bytes) -> str:
        """Put other bytes in an entry's place, with their right digest."""
        digest = sha256_hex(data)
        self.do("UPDATE entries SET data = ?, sha256 = ? WHERE run = ? AND seq = ?", data, digest, run, seq)
        return digest

    def rewrite(self, run: str, *, last: int) -> str:
        """Change the verdict of entry 3 and seal every entry from there on again."""
        head = self.read(run, 3)["prev_sha256"]
        for seq in range(3, last + 1):
            fields = self.read(run, seq) | {"prev_sha256": head}
            fields["body"] |= {"verdict": "escalate"} if seq == 3 else {}
            head = self.forge(run, seq, canonical_bytes(fields))
        self.do("UPDATE runs SET head = ?, seq = ? WHERE id = ?", head, last, run)
        return str(head)
