"""Commits on a server that end in time, and that succeed only if the server kept all that it was asked for.

- A server whose synchronous standby is away lets COMMIT wait without limit; `statement_timeout` does not count there.
- If somebody ends that wait, the server answers as if all were well, with a mere warning: what was committed is on this
  one machine, and a failover loses it. Nobody knows what becomes of it, as with a connection lost in a commit.
"""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic, StatementCompletionUnknown

from runbook_gate.wire.alarms import ALARMS

COMMIT_S: Final = 10.0  # longer than a disk stalls; a lease is six times as long
_CANCEL_S: Final = 5.0  # for the server to hear of it, and again to answer
_WAITS: Final = "SyncRepWaitForLSN"  # the function that warns: what it says depends on the server's language


class LedgerConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is closed by a commit of which nobody knows what becomes of it."""

    _unreplicated = False

    def commit(self) -> None:
        """Commit the transaction.

        Raises:
            StatementCompletionUnknown: it took too long, or it may be on this server only.
            psycopg.Error: it failed.
        """
        self._unreplicated = False
        self.add_notice_handler(self._warned)
        late = _Late(self)
        try:
            with ALARMS.after(COMMIT_S, late.begin):
                super().commit()
        except psycopg.OperationalError:
            if not (self._unreplicated or late.begun):
                raise
            self._unreplicated = True
        finally:
            late.end()
            self.remove_notice_handler(self._warned)
        if self._unreplicated or late.begun:
            self.close()
            raise StatementCompletionUnknown

    def _warned(self, notice: Diagnostic) -> None:
        self._unreplicated = self._unreplicated or notice.source_function == _WAITS


class _Late:
    """Ends a commit that takes too long: the server is asked to, and if it does not hear, the line is cut."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def begun(self) -> bool:
        return self._thread is not None

    def begin(self) -> None:
        """In a thread of its own: to ask the server means to wait for it."""
        self._thread = threading.Thread(target=self._interrupt, name="late commit", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The commit has ended; what was asked of the server reaches no later statement."""
        self._over.set()
        if self._thread:
            self._thread.join()

    def _interrupt(self) -> None:
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=_CANCEL_S)
        if not self._over.wait(_CANCEL_S):
            with suppress(psycopg.Error, OSError), closing(socket.socket(fileno=self._dup())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def _dup(self) -> int:
        return socket.dup(self._connection.fileno())
