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


def examine(
    settings: Settings, namespace: str | None, *, cluster_id: str | None = None, clock: Clock | None = None
) -> Iterator[Finding]:
    """Make every check.

    Args:
        settings: the configuration.
        namespace: a target whose rights are checked too.
        cluster_id: the only cluster that is examined; default: each.
        clock: wall clock, compared with the API server's.

    Raises:
        UsageFault: this cluster is not configured.
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
    }
    sources = policy.sources(settings) or SOURCES
    for called, only in _clusters(settings, cluster_id):
        checks |= {
            **{f"register {name}{called}": partial(records.register, only, clock, name) for name in sources},
            f"audit log{called}": partial(records.audit_log, only),
            f"cluster{called}": partial(cluster.answers, only, clock),
            f"clock{called}": partial(cluster.clock_agrees, only, clock),
            f"identity{called}": partial(cluster.identity, only, clock),
            f"rights{called}": partial(rights.rights, only, namespace),
        }
    for name, check in checks.items():
        yield _found(name, check)


def _clusters(settings: Settings, cluster_id: str | None) -> Iterator[tuple[str, Settings]]:
    """Each cluster, by what its findings are called, with the settings that are its own."""
    if cluster_id is not None:
        yield f" {cluster_id}", settings.of_cluster(cluster_id)
        return
    if settings.cluster.reachable or not settings.clusters:
        yield "", settings
    for listed in settings.clusters:
        yield f" {listed}", settings.of_cluster(listed)


def _found(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except RunbookGateError as fault:
        return Finding(name, False, _line(str(fault)), _line(fault.advice))
    except Exception as fault:  # its text may hold anything, its type does not
        return Finding(name, False, f"unexpected {type(fault).__name__}", "This is a bug: please report it.")


def _line(text: str) -> str:
    return " ".join(text.split())
