"""Which database has a ledger: what a failover changes."""

from __future__ import annotations

from pydantic import Field

from runbook_gate.models.base import Record


class DatabaseIdentity(Record):
    """A PostgreSQL cluster and the history that it is on. A standby that is promoted begins a new timeline."""

    system_identifier: str = Field(
        description="system_identifier of pg_control, in decimal digits.", examples=["7518223694587001234"]
    )
    timeline_id: int = Field(description="Timeline that is being written.", examples=[1])
