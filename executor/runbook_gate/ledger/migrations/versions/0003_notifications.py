"""An outbox of notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it. What ended before is not told."""
    op.create_table(
        "notifications",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("run", sa.String, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("entry_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_try_ms", sa.BigInteger),
        sa.Column("last_error", sa.String),
        sa.Column("next_try_ms", sa.BigInteger, nullable=False),
        sa.Column("delivered_ms", sa.BigInteger),
        sa.CheckConstraint("kind IN ('completed', 'escalated', 'acknowledged', 'resolved')", name="notification_kind"),
        sa.CheckConstraint(
            "delivered_ms IS NULL OR (attempts > 0 AND last_error IS NULL)", name="notification_delivered"
        ),
    )
    _index("notifications_undelivered", ["at_ms", "id"], "delivered_ms IS NULL")
    _index("notifications_failed", ["last_try_ms"], "last_error IS NOT NULL")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "notifications", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
