"""Collecting garbage seldom, while very many small values come and go that never point to each other in a circle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 20)


@contextmanager
def seldom() -> Iterator[None]:
    """For the time of a block: a quarter of a replay's own time otherwise goes into looking for circles."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
