"""Which servers a store may be on, told by the version that a server states when a client connects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR, start
from tests.postgresql.databases import DATABASES
from tests.postgresql.line import Line

from runbook_gate.errors import LedgerFault
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Server, Store


@contextmanager
def stated(major: int) -> Iterator[Server]:
    """A store on a server that states another major version than it has."""
    version = re.compile(rb"(?<=server_version\x00)\d\d")
    with Line(DATABASES.server, lambda said: version.sub(b"%d" % major, said)) as line:
        yield line.to(DATABASES.fresh())


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("major", [13])
def test_an_older_server_is_refused(major: int, read_only: bool) -> None:
    with stated(major) as place, pytest.raises(LedgerFault, match=f"the server is PostgreSQL {major}$") as refused:
        Store.open(place, clock=ManualClock(), executor=EXECUTOR, read_only=read_only)
    assert (refused.value.exit_status, refused.value.advice) == (
        ExitStatus.LEDGER,
        "Use PostgreSQL 14 or newer for the store.",
    )


@pytest.mark.parametrize("major", [14, 99])
def test_one_that_is_new_enough_is_not(major: int) -> None:
    with stated(major) as place, Store.open(place, clock=ManualClock(), executor=EXECUTOR) as store:
        start(store)
        assert store.verify().consistent
