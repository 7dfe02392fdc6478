"""The first tables, and the triggers that keep the record from changing."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _store()
    _queue()
    _record()
    dialect = op.get_context().dialect.name
    for statement in Path(__file__).with_suffix(f".{dialect}.sql").read_text(encoding="utf-8").splitlines():
        op.get_bind().exec_driver_sql(statement)


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64)),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("journal_by_subject", "journal", ["kind", "subject", "seq"])
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def _queue() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("journal_seq", sa.Integer, sa.ForeignKey("journal.seq"), nullable=False, unique=True),
        sa.Column("document_sha256", sa.String(64), nullable=False),
        sa.Column("runbook", sa.String, nullable=False),
        sa.Column("submitted_ms", sa.BigInteger, nullable=False),
        sa.Column("not_before_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("outcome", sa.String),
        sa.CheckConstraint("state IN ('queued', 'active', 'finished')", name="task_state"),
        sa.CheckConstraint("(state = 'finished') = (outcome IS NOT NULL)", name="task_outcome"),
    )
    op.create_index("tasks_by_state", "tasks", ["state", "journal_seq"])
    op.create_table(
        "runs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("task", sa.String, sa.ForeignKey("tasks.id"), nullable=False, unique=True),
        sa.Column("runbook", sa.String, nullable=False),
        sa.Column("target_key", sa.String, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("deadline_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64)),
        sa.Column("record_sha256", sa.String(64), sa.ForeignKey("evidence.sha256")),
        sa.CheckConstraint("state IN ('active', 'complete', 'escalated')", name="run_state"),
        sa.CheckConstraint("(state = 'active') = (record_sha256 IS NULL)", name="run_record"),
        sa.UniqueConstraint("target_key", "ordinal", name="runs_of_a_target"),
    )
    op.create_index("runs_by_deadline", "runs", ["state", "deadline_ms"])
    active = sa.text("state = 'active'")
    op.create_index(
        "one_active_run_per_target",
        "runs",
        ["target_key"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def _record() -> None:
    op.create_table(
        "entries",
        sa.Column("run", sa.String, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("checkpoint", sa.String),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("run", sa.String, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("holder", sa.String),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_boottime_ms", sa.BigInteger, nullable=False),
        sa.Column("boot_id", sa.String, nullable=False),
    )
    op.create_table(
        "packets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("run", sa.String, sa.ForeignKey("runs.id"), nullable=False, unique=True),
        sa.Column("target_key", sa.String, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("evidence.sha256"), nullable=False),
    )
    op.create_index("packets_by_target", "packets", ["target_key", "at_ms"])
