"""Whether a server confirms commits: once one was not, others are tried, for who only reads hears of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg.errors import StatementCompletionUnknown
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

# The commit waits for it as for any change; no table has a trace of it, and everybody may do it.
_TRIAL: Final = "SELECT pg_catalog.pg_logical_emit_message(true, 'runbook-gate', '')"


class Doubt:
    """What is known of it in this process.

    Attributes:
        there: whether a commit was not confirmed, and none that was tried since.
    """

    def __init__(self) -> None:
        self.there = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """A transaction; a commit that is not confirmed is noted."""
        try:
            yield
        except DBAPIError as error:
            self.there = self.there or isinstance(error.orig, StatementCompletionUnknown)
            raise

    @staticmethod
    def trial(connection: Connection) -> None:
        """Give a transaction on a server something to commit."""
        connection.exec_driver_sql(_TRIAL)
