"""SQL that is compiled once for a process. SQLAlchemy does it once for an engine, and each opened store has its own."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Compiled, Dialect
from sqlalchemy.util import LRUCache

_MOST: Final = 500  # as many as SQLAlchemy keeps for an engine


class CompiledOnce(LRUCache[Any, Compiled]):
    """Compiled statements of engines whose dialects differ in nothing, as those of SQLite in one process.

    SQLAlchemy takes it as the option `compiled_cache` of an engine. The dialect object in a key counts as its class.
    """

    __slots__ = ()

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled for a key, by whichever engine."""
        return super().get(_shared(key), default)

    def __getitem__(self, key: Any) -> Compiled:
        return super().__getitem__(_shared(key))

    def __setitem__(self, key: Any, compiled: Compiled) -> None:
        super().__setitem__(_shared(key), compiled)


def _shared(key: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(type(part) if isinstance(part, Dialect) else part for part in key)


FOR_FILES: Final = CompiledOnce(_MOST)
