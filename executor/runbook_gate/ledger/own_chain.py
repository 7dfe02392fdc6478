"""The store's own chain: whether it agrees with itself, and the index of tasks with it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, Select, exists, select

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.ledger import tables
from runbook_gate.ledger.chain import Chain, Link
from runbook_gate.ledger.reports import ChainReport
from runbook_gate.shapes import mapping

_RUNS = tables.runs
_AT_ONCE: Final = 500


def own_chain(connection: Connection) -> ChainReport:
    """Check the store's own chain, and the index of tasks against it.

    Args:
        connection: a transaction.
    """
    store = connection.execute(select(tables.store)).one()
    chain = Chain("store", store.id)
    for row in connection.execute(_journal_with_index().execution_options(yield_per=_AT_ONCE)):
        fields = chain.add(Link(row.seq, row.kind, row.sha256, row.data))
        if fields is not None:
            chain.compare(seq=row.seq, equal=fields.get("subject") == row.subject and _index_agrees(row, fields))
    chain.end(store.seq, store.head)
    return ChainReport("store", chain.length, chain.head, chain.broken)


def _journal_with_index() -> Select[Any]:
    journal, tasks, other = tables.journal, tables.tasks, tables.journal.alias()
    withdrawn = exists().where(other.c.kind == "withdrawn", other.c.subject == tasks.c.id)
    fixed = (tasks.c.document_sha256, tasks.c.runbook, tasks.c.submitted_ms)
    task = (tasks.c.id.label("task"), tasks.c.state.label("task_state"), tasks.c.outcome, *fixed)
    return (
        select(journal, *task, _RUNS.c.state.label("run_state"), withdrawn.label("withdrawn"))
        .outerjoin(tasks, tasks.c.journal_seq == journal.c.seq)
        .outerjoin(_RUNS, _RUNS.c.task == tasks.c.id)
        .order_by(journal.c.seq)
    )


def _index_agrees(row: Row[Any], fields: dict[str, Any]) -> bool:
    if row.kind != "submitted":
        return row.task is None
    task = dict(mapping(mapping(fields.get("body")).get("task")))
    task.pop("submission", None)
    submitted = (sha256_hex(canonical_bytes(task)), task.get("runbook"), fields.get("at_ms"))
    if (row.document_sha256, row.runbook, row.submitted_ms) != submitted:
        return False
    outcome = "withdrawn" if row.withdrawn else row.run_state if row.run_state != "active" else None
    state = "finished" if outcome else row.run_state or "queued"
    withdrawn_unopened = not (row.withdrawn and row.run_state)
    return (row.task, row.task_state, row.outcome) == (row.subject, state, outcome) and withdrawn_unopened
