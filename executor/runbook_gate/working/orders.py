"""What is wanted of the workers of one process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Orders:
    """What is wanted.

    Attributes:
        concurrency: how many runs at once.
        until_empty: end when no task is left; else work until asked to stop.
        listen: where health and metrics are told; None for nowhere.
    """

    concurrency: int = 1
    until_empty: bool = False
    listen: tuple[str, int] | None = None
