"""Tasks can be claimed, for a while, by a worker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what a claim is to the tasks."""
    with op.batch_alter_table("tasks") as tasks:  # SQLite makes the table anew, for it cannot add a rule
        tasks.add_column(sa.Column("claimed_by", sa.String))
        tasks.add_column(sa.Column("claimed_until_ms", sa.BigInteger))
        tasks.create_check_constraint("task_claim", "(claimed_by IS NULL) = (claimed_until_ms IS NULL)")
