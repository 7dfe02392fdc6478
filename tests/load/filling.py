"""A store full of finished runs: copies of the few that are there, each under ids and digests of its own.

Left out: entries and evidence keep their digests and not their content, which is `{}`, so that 100,000 runs are
gigabytes less. Whoever read such a run would find its chain broken. Nobody does: a new run looks at the newest one of
its target alone, and the copies come before the run of their target that is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select, update

from runbook_gate.canonical import sha256_hex
from runbook_gate.ledger import Server, tables
from runbook_gate.ledger.database import Place
from runbook_gate.ledger.identifiers import notification_id, packet_id, run_id
from runbook_gate.ledger.migrations import alone

_AT_ONCE: Final = 500
_TARGETS: Final = 500
_DIGEST: Final = 64
_CONTENT: Final = b"{}"

Row = dict[str, Any]


Sample = dict[str, list[Row]]  # a finished run: its rows by table, those of the store's own chain included


def fill(place: Place, finished: int) -> int:
    """Add copies to a store whose runs have all ended, and whose escalations are resolved.

    The targets of the copies are those of the runs that are there, which end in a number, and others of the same name;
    each has copies of all runs.

    Args:
        place: the store's file or server.
        finished: how many.

    Returns:
        How many finished runs there are.
    """
    with alone(place) as connection:
        found = connection.execute(select(tables.runs.c.id).order_by(tables.runs.c.id)).scalars().all()
        samples = [_sample(connection, run) for run in found]
        seq: int = connection.execute(select(tables.store.c.seq)).scalar_one()
        for first in range(0, finished, _AT_ONCE):
            made = defaultdict[str, list[Row]](list)
            for number in range(first, min(first + _AT_ONCE, finished)):
                seq = _copy(samples, number, seq, made)
            for table in tables.metadata.sorted_tables:
                if made[table.name]:
                    connection.execute(insert(table), made[table.name])
        head = select(tables.journal.c.sha256).where(tables.journal.c.seq == seq).scalar_subquery()
        connection.execute(update(tables.store).values(seq=seq, head=head))
        there = connection.execute(select(func.count()).select_from(tables.runs)).scalar_one()
    if isinstance(place, Server):  # as autovacuum would; a file's statistics are nobody's business
        with alone(place) as connection:
            connection.exec_driver_sql("ANALYZE")
    return int(there)


def _sample(connection: Connection, run: str) -> Sample:
    runs, packets, journal = tables.runs, tables.packets, tables.journal
    [row] = _rows(connection, runs, runs.c.id == run)
    rows = {
        "runs": [row],
        "tasks": _rows(connection, tables.tasks, tables.tasks.c.id == row["task"]),
        "packets": _rows(connection, packets, packets.c.run == run),
        **{one.name: _rows(connection, one, one.c.run == run) for one in (tables.entries, tables.leases)},
        "notifications": _rows(connection, tables.notifications, tables.notifications.c.run == run),
    }
    ids = [one["id"] for one in rows["packets"]]
    rows["escalations"] = _rows(connection, tables.escalations, tables.escalations.c.packet.in_(ids))
    rows["journal"] = _rows(connection, journal, journal.c.subject.in_([row["task"], *ids]))
    return rows


def _rows(connection: Connection, table: Table, condition: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(select(table).where(condition)).mappings()]


def _copy(samples: Sequence[Sample], number: int, seq: int, made: dict[str, list[Row]]) -> int:
    """The rows of one copy; the newest position in the store's own chain."""
    block, which = divmod(number, len(samples))
    turn, target = divmod(block, _TARGETS)
    sample = samples[which]
    [old] = sample["runs"]
    head = _digest(old["head"], number)
    names = {
        old["id"]: run_id(old["opened_ms"] + number),
        old["task"]: f"{old['task']}-{number:06}",
        old["target_key"]: f"{old['target_key'].rsplit('-', 1)[0]}-{target}",
        packet_id(old["head"]): packet_id(head),
        **{one["id"]: notification_id(_digest(one["entry_sha256"], number)) for one in sample["notifications"]},
    }
    positions = {row["seq"]: seq + 1 + place for place, row in enumerate(sample["journal"])}
    for table, rows in sample.items():
        for row in rows:
            copied = {column: _renamed(value, names, number) for column, value in row.items()}
            if table == "runs":
                copied["ordinal"] = -(turn * len(samples) + which)  # before the run that is there, whose number is 1
            elif table == "journal":
                copied["seq"] = positions[row["seq"]]
            elif table == "tasks":
                copied["journal_seq"] = positions[row["journal_seq"]]
            elif table == "entries":
                copied["data"] = _CONTENT
            elif table == "notifications":
                copied |= {"attempts": 1, "last_error": None, "delivered_ms": row["at_ms"]}
            made[table].append(copied)
    made["evidence"] += [
        {"sha256": digest, "data": _CONTENT}
        for row in (*made["runs"][-1:], *made["entries"][-len(sample["entries"]) :])
        for digest in {row.get("record_sha256"), row.get("sha256")} - {None}
    ]
    return seq + len(positions)


def _renamed(value: Any, names: dict[str, str], number: int) -> Any:
    if not isinstance(value, str):
        return value
    return _digest(value, number) if len(value) == _DIGEST else names.get(value, value)


def _digest(old: str, number: int) -> str:
    return sha256_hex(f"{old}-{number}".encode())
