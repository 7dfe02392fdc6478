"""An index of escalations, so that whoever looks for those that are open need not look through all there ever were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_HANDLED = "EXISTS (SELECT 1 FROM journal WHERE kind = '{0}' AND subject = packets.id)"
_STATE = f"CASE WHEN {_HANDLED.format('resolved')} THEN 'resolved' WHEN {_HANDLED.format('acknowledged')} THEN"


def upgrade() -> None:
    """Make it from what the store's own chain says."""
    op.create_table(
        "escalations",
        sa.Column("packet", sa.String, sa.ForeignKey("packets.id"), primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="escalation_state"),
    )
    op.create_index("escalations_by_state", "escalations", ["state", "packet"])
    state = f"{_STATE} 'acknowledged' ELSE 'open' END"
    op.execute(f"INSERT INTO escalations (packet, state) SELECT id, {state} FROM packets")  # noqa: S608 - words of ours
