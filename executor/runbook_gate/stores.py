"""The configured ledger: where it is, and as what program it is opened."""

from __future__ import annotations

from pathlib import Path

from runbook_gate import __version__
from runbook_gate.clock import Clock
from runbook_gate.configuration import Settings
from runbook_gate.ledger import Server, Store
from runbook_gate.models.entry import Executor


def open_store(settings: Settings, *, clock: Clock, read_only: bool = False) -> Store:
    """Open the configured ledger."""
    return Store.open(store_place(settings), clock=clock, executor=program(settings), read_only=read_only)


def store_place(settings: Settings) -> Path | Server:
    """Where the configured ledger is."""
    if isinstance(settings.store, Path):
        return settings.store
    return Server(settings.store, settings.store_password_file, settings.store_ca_file)


def program(settings: Settings) -> Executor:
    """This program, as the ledger names it."""
    return Executor(version=__version__, configuration_sha256=settings.sha256)
