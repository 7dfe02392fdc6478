"""`work`: carry out due tasks, several at once, until asked to stop or until none is left."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry

from runbook_gate.cli.faults import tell, understood
from runbook_gate.cli.invocation import Invocation
from runbook_gate.cli.logged import Log, log_option
from runbook_gate.cli.metering import revision
from runbook_gate.cli.output import emit, output_option
from runbook_gate.cli.overheard import overhear
from runbook_gate.cli.settings import new_or_old_store, run_options, settings
from runbook_gate.cli.signals import Signals
from runbook_gate.configuration import Settings
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.metrics import Metrics, StoreCollector
from runbook_gate.session import Session
from runbook_gate.surroundings import surroundings
from runbook_gate.working.crew import Crew
from runbook_gate.working.orders import Orders
from runbook_gate.working.tally import Tally


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 64), metavar="N", help="Runs at once; default: 1.")
@click.option("--until-empty", is_flag=True, help="End when no task is left; else work until asked to stop.")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where /healthz, /readyz and /metrics are answered.")
@log_option
@run_options
@output_option
@click.pass_context
def work(
    context: click.Context,
    concurrency: int | None,
    until_empty: bool,
    listen: str | None,
    log: str,
    store: Path | str | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> int:
    """Carry out due tasks, several at once, until asked to stop.

    The task that has been due the longest comes first, and of one target one run at a time. SIGTERM drains: nothing
    more is taken, each run goes to its next safe point, and the process ends with 0; with 12 if a run was left half
    way.
    """
    invocation = context.ensure_object(Invocation)
    lines = _log(log, invocation)
    chosen = settings(
        context,
        store=store,
        bundle=bundle,
        kubeconfig=kubeconfig,
        packet_dir=packet_dir,
        work={"concurrency": concurrency, "listen": listen},
    )
    with Signals.heard(lines.stopping) as signals:
        tally = carry_on(chosen, lines, until_empty=until_empty, stopping=signals.asked)
        drained = signals.asked()
    emit(output, _document(tally, drained=drained), lambda: _text(tally))
    if tally.fatal is None:
        return _status(tally, drained=drained, until_empty=until_empty)
    return tell(tally.fatal, invocation, as_json=False)


def carry_on(chosen: Settings, log: Log, *, until_empty: bool, stopping: Callable[[], bool]) -> Tally:
    """Work as configured.

    Args:
        chosen: the configuration.
        log: is told what happens.
        until_empty: whether it ends when no task is left.
        stopping: whether the process was asked to stop.
    """
    place = _place(chosen.work.listen)
    orders = Orders(concurrency=chosen.work.concurrency, until_empty=until_empty, listen=place)
    with new_or_old_store(chosen) as store:
        registry = process_metrics()
        endpoints = {one.name for every in (chosen.cluster, *chosen.clusters.values()) for one in every.endpoints}
        metrics = Metrics(registry, revision=revision(chosen), endpoints=sorted(endpoints))
        receiver = chosen.notifications.url is not None
        registry.register(StoreCollector(store, packet_dir=chosen.packet_dir, receiver=receiver))
        return Crew(
            chosen,
            store,
            orders,
            log=Counted(log, metrics),
            narrator=lambda: metrics.narrator(log.narrator()),
            make=partial(Session, gate=metrics.gate, world=metrics.world(surroundings)),
            stopping=stopping,
            registry=registry,
            started=lambda port: log.line("started", concurrency=orders.concurrency, port=port),
        ).work()


class Counted:
    """A log whose faults are counted too."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log, self._metrics = log, metrics

    def fault(self, subject: str, error: Exception) -> None:
        """A task, a run, a packet or a notification has a fault of its own."""
        self._metrics.fault(error)
        self._log.fault(subject, error)

    def trouble(self, error: Exception, again_s: float) -> None:
        """Nothing can be done for a while."""
        self._metrics.fault(error)
        self._log.trouble(error, again_s)


def _log(form: str, invocation: Invocation) -> Log:
    """The log of the process, which also has what libraries say and, as JSON, what ends it."""
    lines = Log(form)
    overhear(lines.line)
    if form == "json":
        invocation.failed = lines.failed
    return lines


def process_metrics() -> CollectorRegistry:
    """What is told of the process itself."""
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


def _place(listen: str | None) -> tuple[str, int] | None:
    if listen is None:
        return None
    address, _, port = listen.rpartition(":")
    return address.strip("[]"), int(port)


def _document(tally: Tally, *, drained: bool) -> dict[str, Any]:
    ended_by = {"error": understood(tally.fatal).told()} if tally.fatal else {}
    return {
        "outcome": "failed" if tally.fatal else "drained" if drained else "empty",
        "complete": tally.complete,
        "escalated": tally.escalated,
        "left": tally.left,
        "faults": [{"subject": subject, **understood(fault).told()} for subject, fault in sorted(tally.faults.items())],
        **ended_by,
    }


def _text(tally: Tally) -> str:
    ended = f"{tally.complete} completed, {tally.escalated} escalated"
    return f"{ended}, {tally.left} left half way." if tally.left else f"{ended}."


def _status(tally: Tally, *, drained: bool, until_empty: bool) -> ExitStatus:
    if drained:
        return ExitStatus.STOPPED if tally.left else ExitStatus.COMPLETE
    statuses = [understood(fault).status for fault in tally.faults.values()]
    if until_empty and statuses:
        return ExitStatus.LEDGER if ExitStatus.LEDGER in statuses else statuses[0]
    return ExitStatus.ESCALATED if tally.escalated else ExitStatus.COMPLETE
