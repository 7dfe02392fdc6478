"""The revisions, read by Alembic from their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from runbook_gate.ledger import tables

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of the tables.

    Attributes:
        id: four digits.
        title: what it does, in a few words.
        upgrade: does it, with Alembic's `op`.
    """

    id: str
    title: str
    upgrade: Callable[[], None]

    @property
    def version(self) -> int:
        """The version of the tables that it leads to."""
        return int(self.id)


@dataclass(frozen=True)
class Revisions:
    """Revisions, and the tables that they end in.

    Attributes:
        folder: where `versions` lies.
        metadata: the tables.
    """

    folder: Path
    metadata: MetaData

    def all(self) -> list[Revision]:
        """Every revision, the oldest first; each follows the one before."""
        scripts = ScriptDirectory(str(self.folder)).walk_revisions()
        return [Revision(script.revision, script.doc, script.module.upgrade) for script in scripts][::-1]

    def after(self, version: int | None) -> list[Revision]:
        """The revisions that a store lacks.

        Args:
            version: its version; None if it is empty.
        """
        return [revision for revision in self.all() if revision.version > (version or 0)]


RELEASED: Final = Revisions(_FOLDER, tables.metadata)
