"""The checks in order. One that fails never keeps the next from being made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from runbook_gate.clock import Clock, SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.doctor import cluster, policy, receiver, records, rights, store
from runbook_gate.errors import RunbookGateError
from runbook_gate.registers.projection import SOURCES


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was checked.
        fit: whether a run could go on with it.
        told: what was found, in one line.
        remedy: how to mend it; empty if it is fit.
    """

    name: str
    fit: bool
    told: str
    remedy: str = ""


def examine(settings: Settings, namespace: str | None, *, clock: Clock | None = None) -> Iterator[Finding]:
    """Make every check.

    Args:
        settings: the configuration.
        namespace: a target whose rights are checked too.
        clock: wall clock, compared with the API server's.
    """
    clock = clock or SystemClock()
    checks: dict[str, Callable[[], str]] = {
        "ledger": partial(store.ledger, settings, clock),
        "ledger file system": partial(store.file_system, settings),
        "ledger role": partial(store.role, settings),
        "heads file": partial(store.heads_file, settings),
        "packet folder": partial(store.packet_folder, settings),
        "notifications": partial(receiver.notifications, settings),
        "bundle": partial(policy.bundle, settings),
        "sidecar": partial(policy.sidecar, settings),
        **{
            f"register {name}": partial(records.register, settings, clock, name)
            for name in policy.sources(settings) or SOURCES
        },
        "audit log": partial(records.audit_log, settings),
        "cluster": partial(cluster.answers, settings, clock),
        "clock": partial(cluster.clock_agrees, settings, clock),
        "identity": partial(cluster.identity, settings, clock),
        "rights": partial(rights.rights, settings, namespace),
    }
    for name, check in checks.items():
        yield _found(name, check)


def _found(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except RunbookGateError as fault:
        return Finding(name, False, _line(str(fault)), _line(fault.advice))
    except Exception as fault:  # its text may hold anything, its type does not
        return Finding(name, False, f"unexpected {type(fault).__name__}", "This is a bug: please report it.")


def _line(text: str) -> str:
    return " ".join(text.split())
