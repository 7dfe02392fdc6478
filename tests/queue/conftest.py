"""A queue in memory: one set of registers for all of its targets, and one step forward at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fakes.runs import LittleWorld
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

from runbook_gate.demo.stage import REGISTERS, Target, rfc3339
from runbook_gate.engine.narration import Silent
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.ledger import Finished
from runbook_gate.queue import Progress, run_next
from runbook_gate.session import Session


@dataclass(frozen=True)
class Step:
    """What one `run --next` came to."""

    swept: list[str] = field(default_factory=list)
    taken: str | None = None
    faults: list[str] = field(default_factory=list)


class Queue(LittleWorld):
    """Tasks of several targets, and an executor that takes the next.

    Attributes:
        changes: settings that the next executor has in place of the usual ones.
    """

    def __init__(self, folder: Path, bundle: Bundle, sidecar: Sidecar) -> None:  # noqa: F811 - not the fixtures
        super().__init__(folder, bundle, sidecar)
        self.files = {name: folder / "all" / f"{name}.yaml" for name in REGISTERS}
        self.settings = self.settings.model_copy(update={"registers": self.files})
        self.changes: dict[str, Any] = {}
        (folder / "all").mkdir()

    def submit(self, task_id: str, namespace: str = "", **changes: Any) -> Target:
        """Submit a task of a target of its own."""
        target = super().submit(task_id, namespace or f"payments-{task_id}", **changes)
        for name in REGISTERS:
            self._add(self.files[name], target.register(name))
        return target

    def _add(self, file: Path, document: dict[str, Any]) -> None:
        known = yaml.safe_load(file.read_text(encoding="utf-8"))["records"] if file.exists() else []
        records = known + [record for record in document["records"] if record not in known]
        as_of = rfc3339(datetime.fromtimestamp(self.clock.read().at_ms / 1000, UTC))
        changed = {**document, "records": records, "total": len(records), "as_of": as_of}
        file.write_text(yaml.safe_dump(changed), encoding="utf-8")

    @contextmanager
    def executor(self) -> Iterator[Session]:
        """An executor as a process of its own would be."""
        with self.open() as store:
            settings = self.settings.model_copy(update=self.changes)
            yield Session(settings, store, Silent(), clock=self.clock, stopping=self._asked, world=self._world)

    def _asked(self) -> bool:
        return self.stopping()

    def pause(self) -> None:
        """Let somebody pause the executor."""
        with self.open() as store:
            store.pauses.pause("change freeze", actor="leah")

    def next(self) -> Step:
        """What `run --next` does."""
        with self.executor() as session:
            progress: Progress = run_next(session)
        return Step(
            [_told(one) for one in progress.swept],
            _told(progress.taken) if progress.taken else None,
            [f"{kept.subject}: {type(kept.error).__name__}" for kept in progress.faults],
        )


def _told(finished: Finished) -> str:
    return f"{finished.task} {finished.outcome}"


@pytest.fixture
def queue(tmp_path: Path, bundle: Bundle, sidecar: Sidecar) -> Queue:  # noqa: F811 - fixtures
    """An empty queue."""
    return Queue(tmp_path, bundle, sidecar)
