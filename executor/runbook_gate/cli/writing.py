"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from runbook_gate.errors import UsageFault

T = TypeVar("T")


def write(out: Path, raw: bytes, *, option: str = "--out") -> None:
    """Write a file in one step.

    Args:
        out: the file.
        raw: its bytes.
        option: which named it.

    Raises:
        UsageFault: it cannot be written.
    """
    with growing(out, option=option) as file:
        file.write(raw)


@contextmanager
def growing(out: Path, *, option: str = "--out") -> Iterator[IO[bytes]]:
    """A file that is written little by little, and gets its name when the block ends well.

    Args:
        out: the file.
        option: which named it.

    Raises:
        UsageFault: it cannot be written.
    """
    partial = _partial(out)
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(out)
    except OSError as fault:
        raise _unwritable(option, out, fault) from None
    finally:
        partial.unlink(missing_ok=True)


class Lines:
    """A file of JSON lines that grows as they come; it gets its name when the block ends well.

    Args:
        out: the file; None to write nothing.
    """

    def __init__(self, out: Path | None) -> None:
        self._out, self._file = out, None if out is None else _opened(out)

    def add(self, make: Callable[[T], Any], what: T) -> None:
        """Write one line, made only if there is a file."""
        if self._file is not None:
            self._file.write(json.dumps(make(what), ensure_ascii=False) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and self._out is not None:
            self._file.close()
            partial = _partial(self._out)
            partial.unlink() if kind else partial.replace(self._out)


def _opened(out: Path) -> IO[str]:
    try:
        return _partial(out).open("w", encoding="utf-8")
    except OSError as fault:
        raise _unwritable("--lines", out, fault) from None


def _partial(out: Path) -> Path:
    return out.with_name(f".{out.name}.partial")


def _unwritable(option: str, out: Path, fault: OSError) -> UsageFault:
    return UsageFault(f"{option} {out}: {fault.strerror}.", advice="Name a file in a writable folder.")
