"""The tables.

The record, which triggers keep from changing: `journal` (the store's own chain), `entries` (one chain a run),
`evidence`, `packets`. The index, which says where things stand and is checked against the record by `verify`:
`tasks`, `runs`, `leases`, `escalations`, and `store`, which has the newest of `journal`. And the outbox,
`notifications`: which entries somebody is told of, and how far that got. What it tells is read from the record; nothing
is decided by it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger

VERSION: Final = 4  # the newest revision in migrations/versions leads to it
UNCLAIMED: Final = {"claimed_by": None, "claimed_until_ms": None}

metadata: Final = MetaData()

store: Final = Table(
    "store",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head", String(64)),
)

journal: Final = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("subject", String),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Index("journal_by_subject", "kind", "subject", "seq"),
)

evidence: Final = Table(
    "evidence",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

tasks: Final = Table(
    "tasks",
    metadata,
    Column("id", String, primary_key=True),
    Column("journal_seq", ForeignKey("journal.seq"), nullable=False, unique=True),
    Column("document_sha256", String(64), nullable=False),
    Column("runbook", String, nullable=False),
    Column("submitted_ms", BigInteger, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("claimed_by", String),
    Column("claimed_until_ms", BigInteger),
    Column("state", String, nullable=False),
    Column("outcome", String),
    CheckConstraint("state IN ('queued', 'active', 'finished')", name="task_state"),
    CheckConstraint("(state = 'finished') = (outcome IS NOT NULL)", name="task_outcome"),
    CheckConstraint("(claimed_by IS NULL) = (claimed_until_ms IS NULL)", name="task_claim"),
    Index("tasks_by_state", "state", "journal_seq"),
)

runs: Final = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("task", ForeignKey("tasks.id"), nullable=False, unique=True),
    Column("runbook", String, nullable=False),
    Column("target_key", String, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("deadline_ms", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("step", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head", String(64)),
    Column("record_sha256", ForeignKey("evidence.sha256")),
    CheckConstraint("state IN ('active', 'complete', 'escalated')", name="run_state"),
    CheckConstraint("(state = 'active') = (record_sha256 IS NULL)", name="run_record"),
    UniqueConstraint("target_key", "ordinal", name="runs_of_a_target"),
    Index("runs_by_deadline", "state", "deadline_ms"),
    Index(
        "one_active_run_per_target",
        "target_key",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)

entries: Final = Table(
    "entries",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("checkpoint", String),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
)

leases: Final = Table(
    "leases",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("holder", String),
    Column("expires_ms", BigInteger, nullable=False),
    Column("expires_boottime_ms", BigInteger, nullable=False),
    Column("boot_id", String, nullable=False),
)

packets: Final = Table(
    "packets",
    metadata,
    Column("id", String, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False, unique=True),
    Column("target_key", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("sha256", ForeignKey("evidence.sha256"), nullable=False),
    Index("packets_by_target", "target_key", "at_ms"),
)

escalations: Final = Table(
    "escalations",
    metadata,
    Column("packet", ForeignKey("packets.id"), primary_key=True),
    Column("state", String, nullable=False),
    CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="escalation_state"),
    Index("escalations_by_state", "state", "packet"),
)

notifications: Final = Table(
    "notifications",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("entry_sha256", String(64), nullable=False, unique=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_try_ms", BigInteger),
    Column("last_error", String),
    Column("next_try_ms", BigInteger, nullable=False),
    Column("delivered_ms", BigInteger),
    CheckConstraint("kind IN ('completed', 'escalated', 'acknowledged', 'resolved')", name="notification_kind"),
    CheckConstraint("delivered_ms IS NULL OR (attempts > 0 AND last_error IS NULL)", name="notification_delivered"),
    Index(
        "notifications_undelivered",
        "at_ms",
        "id",
        sqlite_where=text("delivered_ms IS NULL"),
        postgresql_where=text("delivered_ms IS NULL"),
    ),
    Index(
        "notifications_failed",
        "last_try_ms",
        sqlite_where=text("last_error IS NOT NULL"),
        postgresql_where=text("last_error IS NOT NULL"),
    ),
)
