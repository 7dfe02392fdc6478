"""A session whose every act is between two fault points.

Nothing is listed here: a transaction is met in `Database.write` (watched_store), an effect in the registry, a request
in the connection, so whatever the product adds behind one of these joins by itself. The product knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from tests.crash.points import Points

from runbook_gate import delivery
from runbook_gate.cluster.protocol import Cluster
from runbook_gate.effects.registry import EFFECTS
from runbook_gate.engine.acting import World
from runbook_gate.engine.heads import Heads
from runbook_gate.engine.journal import Journal
from runbook_gate.gate.client import Exchange, OpaGate
from runbook_gate.ledger import Finished
from runbook_gate.models.entry import Entry
from runbook_gate.serving import Serving
from runbook_gate.session import Session
from runbook_gate.surroundings import Surroundings


@dataclass
class WatchedEffect:
    """An effect between two points."""

    effect: Any
    points: Points

    def __getattr__(self, name: str) -> Any:
        return getattr(self.effect, name)

    def run(self, params: Any, context: Any) -> Any:
        """As the original."""
        with self.points.around(f"effect {self.effect.name}"):
            return self.effect.run(params, context)


@dataclass
class WatchedCluster:
    """A cluster on whose connections each request is between two points."""

    cluster: Any
    points: Points

    @property
    def name(self) -> str:
        """As the original."""
        return str(self.cluster.name)

    @contextmanager
    def open(self, within_s: float) -> Iterator[Any]:
        """As the original."""
        with self.cluster.open(within_s) as connection:
            yield WatchedConnection(connection, self.points)


@dataclass
class WatchedConnection:
    """A connection; `skipped` sends nothing."""

    connection: Any
    points: Points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.connection, name)

        def watched(*args: Any, **options: Any) -> Any:
            dry = " dry-run" if options.get("dry_run") else ""
            with self.points.around(f"request {name}{dry}"):
                return method(*args, **options)

        return method if name == "skipped" else watched


def watched_world(world: Surroundings, points: Points) -> World:
    """The same world, its requests watched."""
    return replace(
        world,
        cluster=cast(Cluster, WatchedCluster(world.cluster, points)),
        servers=tuple(cast(Cluster, WatchedCluster(server, points)) for server in world.servers),
    )


class WatchedHeads(Heads):
    """Heads between two points."""

    def __init__(self, original: Heads, points: Points) -> None:
        super().__init__(original._file)
        self._points = points

    def publish(self, entry: Entry) -> None:
        """As the original."""
        with self._points.around(f"head {entry.kind}"):
            super().publish(entry)


@dataclass
class WatchedGate:
    """A gate between two points."""

    gate: OpaGate
    points: Points

    def ask(self, document: dict[str, Any], pins: Any) -> Exchange:
        """As the original."""
        with self.points.around(f"question {document['checkpoint']}"):
            return self.gate.ask(document, pins)


class WatchedSession(Session):
    """A session whose gate, heads and deliveries are watched; store and world are given watched."""

    def watch(self, points: Points) -> Self:
        """From now on."""
        self._points, self._heads = points, WatchedHeads(self._heads, points)
        return self

    def _carry(self, journal: Journal, served: Serving) -> Finished:
        return super()._carry(journal, replace(served, gate=cast(OpaGate, WatchedGate(served.gate, self._points))))

    def _delivered(self, finished: Finished) -> Finished:
        with self._points.around("delivery"):
            return super()._delivered(finished)


@contextmanager
def watched_process(points: Points) -> Iterator[None]:
    """Effects of the registry, and files of packets, are watched in this process until the end of the block."""
    effects, put = dict(EFFECTS), delivery._replace

    def watched_put(path: Any, text: str) -> None:
        with points.around(f"file {path.suffix}"):
            put(path, text)

    EFFECTS.update({name: cast(Any, WatchedEffect(effect, points)) for name, effect in effects.items()})
    delivery._replace = watched_put
    try:
        yield
    finally:
        EFFECTS.update(effects)
        delivery._replace = put
