"""Many distinct runs out of a few: copies under new ids, every digest made anew, so each chain and input is its own.

A copy of a run differs in its id, and so in every digest of its chain and evidence. The gate is a function of its
input that treats ids and digests as names, so the answer of the copy is the answer with the names replaced; a replay
would show if it were not.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook_gate.canonical import sha256_hex
from runbook_gate.core.acceptance import members_of
from runbook_gate.ledger.identifiers import packet_id, run_id

_BEFORE, _AFTER = len(b'{"input":'), len(b"}")


@dataclass
class Template:
    """A recorded run: its row in the index, its entries, and the evidence that they name."""

    row: dict[str, Any]
    entries: list[tuple[int, str, str | None, str, bytes]]
    evidence: dict[str, bytes]
    lease: dict[str, Any]

    @property
    def decisions(self) -> int:
        return sum(kind == "decision" for _, kind, _, _, _ in self.entries)


@dataclass
class Names:
    """What is replaced by what."""

    ids: dict[bytes, bytes]
    digests: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pattern = re.compile(b"|".join([rb"[0-9a-f]{64}", *map(re.escape, self.ids)]))

    def replaced(self, data: bytes) -> bytes:
        return self._pattern.sub(self._one, data)

    def learn(self, old: str, data: bytes) -> str:
        new = sha256_hex(data)
        self.digests[old.encode()] = new.encode()
        return new

    def _one(self, found: re.Match[bytes]) -> bytes:
        old = found[0]
        return self.ids[old] if old in self.ids else self.digests.get(old, old)


def templates(store: Path) -> list[Template]:
    """Every run of a store."""
    with closing(sqlite3.connect(store)) as connection:
        connection.row_factory = sqlite3.Row
        return [_template(connection, dict(row)) for row in connection.execute("SELECT * FROM runs").fetchall()]


def _template(connection: sqlite3.Connection, row: dict[str, Any]) -> Template:
    wanted = "SELECT seq, kind, checkpoint, sha256, data FROM entries WHERE run = ? ORDER BY seq"
    entries = [tuple(entry) for entry in connection.execute(wanted, (row["id"],))]
    named = {row["record_sha256"]}
    for _, kind, _, _, data in entries:
        if kind == "decision":
            body = json.loads(data)["body"]
            named |= {body["request"]["body_sha256"], body["answer"]["body_sha256"]}
    found = (
        connection.execute("SELECT sha256, data FROM evidence WHERE sha256 = ?", (one,)).fetchone() for one in named
    )
    lease = dict(connection.execute("SELECT * FROM leases WHERE run = ?", (row["id"],)).fetchone())
    return Template(row, entries, {one["sha256"]: one["data"] for one in found}, lease)


def multiply(store: Path, known: Sequence[Template], decisions: int) -> int:
    """Add copies to a store until it has so many decisions or a few more.

    Returns:
        How many it has.
    """
    with closing(sqlite3.connect(store)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("PRAGMA synchronous = OFF")
        there, number = sum(one.decisions for one in known), 0
        while there < decisions:
            template = known[number % len(known)]
            number += 1
            _insert(connection, template, number)
            there += template.decisions
            if number % 500 == 0:
                connection.commit()
        connection.commit()
    return there


def _insert(connection: sqlite3.Connection, template: Template, number: int) -> None:
    old, new = template.row["id"], run_id(template.row["opened_ms"] + 1000 * number)
    task = f"{template.row['task']}-{number:06}"
    names = Names({old.encode(): new.encode(), template.row["task"].encode(): task.encode()})
    entries, evidence = [], dict[str, bytes]()
    for seq, kind, checkpoint, sha256, data in template.entries:
        if kind == "decision":
            evidence |= _exchange(template, json.loads(data)["body"], names)
        copied = names.replaced(data)
        entries.append((new, seq, kind, checkpoint, names.learn(sha256, copied), copied))
    record = names.replaced(template.evidence[template.row["record_sha256"]])
    evidence[sha256_hex(record)] = record
    row = {**template.row, "id": new, "task": task, "ordinal": 1000 + number, "head": entries[-1][4]}
    _row(connection, "runs", {**row, "record_sha256": sha256_hex(record)})
    _row(connection, "leases", {**template.lease, "run": new})
    connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", entries)
    connection.executemany("INSERT OR IGNORE INTO evidence VALUES (?, ?)", evidence.items())
    if row["state"] == "escalated":
        ended = {"at_ms": json.loads(entries[-1][5])["at_ms"], "sha256": sha256_hex(record)}
        packet = {"id": packet_id(row["head"]), "run": new, "target_key": row["target_key"]}
        _row(connection, "packets", {**packet, **ended})
        _row(connection, "escalations", {"packet": packet["id"], "state": "open"})


def _exchange(template: Template, body: dict[str, Any], names: Names) -> dict[str, bytes]:
    """Request and answer of a decision, under their new digests."""
    request, answer = body["request"], body["answer"]
    asked = names.replaced(template.evidence[request["body_sha256"]])
    names.learn(request["input_sha256"], asked[_BEFORE:-_AFTER])
    said = names.replaced(template.evidence[answer["body_sha256"]])
    names.learn(answer["result_sha256"], members_of(said)["result"])
    pairs = ((request["body_sha256"], asked), (answer["body_sha256"], said))
    return {names.learn(old, data): data for old, data in pairs}


def _row(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    columns, places = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(values.values()))
