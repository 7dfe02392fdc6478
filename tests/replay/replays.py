"""Recorded runs to replay, and a store's owner who changes what they left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_gate.canonical import canonical_bytes, gate_bytes, sha256_hex
from runbook_gate.clock import SystemClock
from runbook_gate.gate.bundle import Bundle
from runbook_gate.ledger import Server, Store
from runbook_gate.models.entry import Executor
from runbook_gate.replay.chunks import Item, Others, Ready, replay
from runbook_gate.replay.examination import Question, examine
from runbook_gate.replay.outcomes import Replayed
from runbook_gate.replay.records import Recorded
from runbook_gate.replay.replaying import Replay
from runbook_gate.replay.selection import Selection
from runbook_gate.replay.sidecars import ReplaySidecar
from runbook_gate.replay.stored import StoredRecords

EXECUTOR = Executor(version="0.1.0", configuration_sha256="c" * 64)


@dataclass(frozen=True)
class Recording:
    """A store with runs.

    Attributes:
        store: its file.
        runs: by task.
    """

    store: Path
    runs: dict[str, str]


def replayed(store: Path, opa: Path, others: Others | None = None, **selected: Any) -> list[Replayed]:
    """Replay a store on two connections."""
    with Store.open(store, clock=SystemClock(), executor=EXECUTOR, read_only=True) as opened:
        replaying = Replay(StoredRecords(opened, "a store"), opa, others or Others(), connections=2)
        return list(replaying.replayed(Selection(**selected)))


def change(store: Path, statement: str, *values: Any) -> None:
    """Change a store as its owner could, past the triggers."""
    with closing(sqlite3.connect(store)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        changed = connection.execute(statement, values).rowcount
        assert changed > 0 or statement.startswith("INSERT OR IGNORE")


def entries(store: Path, run: str) -> list[dict[str, Any]]:
    """The entries of a run, each with `sha256`."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT data, sha256 FROM entries WHERE run = ? ORDER BY seq", (run,)).fetchall()
    return [{**json.loads(data), "sha256": sha256} for data, sha256 in rows]


def evidence(store: Path, sha256: str) -> bytes:
    """Some evidence."""
    with closing(sqlite3.connect(store)) as connection:
        found: bytes = connection.execute("SELECT data FROM evidence WHERE sha256 = ?", (sha256,)).fetchone()[0]
    return found


def rewrite(store: Path, run: str, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change entries of a run and make its chain consistent again, as whoever owns an unkeyed chain can."""
    previous, final = None, ""
    for fields in entries(store, run):
        sha256 = fields.pop("sha256")
        edit(fields)
        data = canonical_bytes({**fields, "prev_sha256": previous})
        previous = final = sha256_hex(data)
        change(store, "UPDATE entries SET data = ?, sha256 = ? WHERE sha256 = ?", data, previous, sha256)
    change(store, "UPDATE runs SET head = ? WHERE id = ?", final, run)


def keep(store: Path, data: bytes) -> str:
    """Add evidence."""
    change(store, "INSERT OR IGNORE INTO evidence (sha256, data) VALUES (?, ?)", sha256_hex(data), data)
    return sha256_hex(data)


def forge(store: Path, run: str, edit: Callable[[dict[str, Any]], None]) -> None:
    """Give the run's last decision another input, every digest made anew, and the answer that OPA gave to the old one.

    The echoed digest and ledger head are put into the answer, so that only a replay can tell.
    """
    decision = [one for one in entries(store, run) if one["kind"] == "decision"][-1]
    document = json.loads(evidence(store, decision["body"]["request"]["body_sha256"]))["input"]
    answer = json.loads(evidence(store, decision["body"]["answer"]["body_sha256"]))
    edit(document)
    plain = gate_bytes(document)
    answer["result"]["input_sha256"] = sha256_hex(plain)
    result = json.dumps(answer["result"], separators=(",", ":"), sort_keys=True).encode()
    body = b'{"result":' + result + b"}"

    def renamed(fields: dict[str, Any]) -> None:
        if fields["seq"] == decision["seq"]:
            request = {"body_sha256": keep(store, b'{"input":' + plain + b"}"), "input_sha256": sha256_hex(plain)}
            fields["body"]["request"] |= request
            fields["body"]["answer"] |= {"body_sha256": keep(store, body), "result_sha256": sha256_hex(result)}

    rewrite(store, run, renamed)


def given_again(store: Path | Server, bundle: Bundle, sidecar: ReplaySidecar) -> set[str]:
    """What became of every decision that a bundle took, asked again of a sidecar that serves it."""
    if isinstance(store, Path) and not store.exists():
        return set()
    with Store.open(store, clock=SystemClock(), executor=EXECUTOR, read_only=True) as opened:
        records, items = StoredRecords(opened, "a store"), list[Item]()
        for one in records.decisions(Selection(policy=bundle.content_sha256)):
            if isinstance(one, Recorded):
                question = examine(one, records.evidence([one.request_sha256, one.answer_sha256]))
                items.append(Ready(question, sidecar, checked=False) if isinstance(question, Question) else question)
    return {one.obstacle or one.reproduction for one in replay(items, Others())}
