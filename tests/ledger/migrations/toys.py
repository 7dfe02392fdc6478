"""Revisions that a later release could have, to see what an upgrade does with them."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from runbook_gate.ledger import tables
from runbook_gate.ledger.migrations import RELEASED, Revisions

NEXT = tables.VERSION + 1
GOOD = """\"\"\"Owners of tasks, and a list of letters.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    recreate = "always" if op.get_context().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("tasks", recreate=recreate) as batch:
        batch.add_column(sa.Column("owner", sa.String, nullable=False, server_default="nobody"))
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.String, sa.ForeignKey("runs.id"), nullable=False),
    )
"""
FAILING = GOOD + '    op.get_bind().exec_driver_sql("INSERT INTO letters SELECT 1, NULL")\n'
FORGETFUL = GOOD.replace("nullable=False, server_default", "server_default")
ASTRAY = GOOD + "    op.get_bind().exec_driver_sql(\"INSERT INTO letters VALUES (1, 'no such run')\")\n"
LOSING = GOOD + '    op.drop_table("leases")\n'


def revisions(folder: Path, text: str = GOOD) -> Revisions:
    """The released revisions and one more; its tables are those that GOOD leads to."""
    shutil.copytree(RELEASED.folder / "versions", folder / "versions", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "versions" / f"{NEXT:04}_toy.py"
    file.write_text(text.format(revision=f"{NEXT:04}", before=f"{NEXT - 1:04}"), encoding="utf-8")
    return Revisions(folder, _tables())


def _tables() -> MetaData:
    made = MetaData()
    for table in tables.metadata.sorted_tables:
        table.to_metadata(made)
    made.tables["tasks"].append_column(Column("owner", String, nullable=False, server_default="nobody"))
    Table(
        "letters",
        made,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("run", ForeignKey("runs.id"), nullable=False),
    )
    return made
