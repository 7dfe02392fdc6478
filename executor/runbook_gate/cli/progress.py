"""How far long work has come, on stderr and only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


def progress(items: Iterable[T], total: int, words: str) -> Iterator[T]:
    """Pass items on and show how many of how many have passed.

    Args:
        items: any.
        total: how many there are at most.
        words: what is done.
    """
    with _bar() as shown:
        yield from shown.track(items, total=total, description=words)


@contextmanager
def counted(words: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far work has come that tells it by itself.

    Args:
        words: what is done.

    Yields:
        Hears how many of how many are done.
    """
    with _bar() as shown:
        task = shown.add_task(words)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _bar() -> Progress:
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
