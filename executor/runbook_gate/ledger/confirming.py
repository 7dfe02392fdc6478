"""Whether a server confirms commits: once one was not, others are tried, for who only reads hears of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg.errors import StatementCompletionUnknown
from sqlalchemy.exc import DBAPIError

# The commit waits for it as for any change; no table has a trace of it, and everybody may do it.
TRIAL: Final = "SELECT pg_catalog.pg_logical_emit_message(true, 'runbook-gate', '')"


class Unconfirmed:
    """Commits of this process that a server did not confirm; threads share it.

    Attributes:
        count: how many there were.
    """

    def __init__(self) -> None:
        self.count, self._settled = 0, 0

    @property
    def there(self) -> bool:
        """Whether there is one after which no other was confirmed."""
        return self.count > self._settled

    @contextmanager
    def noted(self) -> Iterator[None]:
        """A transaction; a commit that is not confirmed is counted."""
        try:
            yield
        except DBAPIError as error:
            self.count += isinstance(error.orig, StatementCompletionUnknown)
            raise

    def settle(self, count: int) -> None:
        """A commit was confirmed that began when there were so many."""
        self._settled = max(self._settled, count)
