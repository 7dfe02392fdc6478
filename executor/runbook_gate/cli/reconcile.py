"""`ledger reconcile`: does the ledger have every write that the API server saw, and the other way round?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from runbook_gate.audit.whole import WholeLog
from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.settings import settings, store_of, store_option
from runbook_gate.core.history import History
from runbook_gate.errors import UsageFault
from runbook_gate.exit_statuses import ExitStatus
from runbook_gate.ledger import Store
from runbook_gate.reconciliation import (
    Attempt,
    Finding,
    Reconciliation,
    Requests,
    attempts_of,
    compare,
    identities_of,
)
from runbook_gate.timestamps import rfc3339


@click.command()
@click.option(
    "--audit",
    "files",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    multiple=True,
    help="Audit log of an API server; give each server's. Default: `audit.logs`. Rotated files beside it are read too.",
)
@click.option(
    "--identity",
    "named",
    metavar="USER",
    multiple=True,
    help="As whom the API server sees the executor. Default: who it was in the recorded runs.",
)
@click.option(
    "--cluster",
    "named_cluster",
    metavar="ID",
    help="Whose logs these are; needed if the ledger has runs of several. Default logs: that cluster's `audit.logs`.",
)
@click.option("--run", "run", metavar="RUN", help="One run's intents, and writes to its namespace; default: all.")
@store_option
@output_option
@click.pass_context
def reconcile(
    context: click.Context,
    files: tuple[Path, ...],
    named: tuple[str, ...],
    named_cluster: str | None,
    run: str | None,
    store: Path | str | None,
    output: str,
) -> int:
    """Compare the ledger with the API servers' audit logs.

    It finds a write of a namespace by the executor's identity that has no intent (entries were lost, or somebody else
    has the credentials), a sent intent without its event, and an event with another status than was recorded. Files
    that kube-apiserver packed with gzip are read too. An intent is blamed only for a time that every log covers.
    """
    chosen = settings(context, store=store)
    with store_of(chosen, read_only=True) as opened:
        cluster, namespace = _asked_about(opened, named_cluster, run)
        logs = _logs(files or (chosen.of_cluster(cluster) if cluster else chosen).audit.logs)
        attempts, seen_as = _recorded(opened, cluster)
        identities = frozenset(named) or seen_as
        requests = Requests(_required(identities), frozenset(attempt.audit_id for attempt in attempts))
        for log in logs:
            _read(log, requests)
        # A run may have gone on meanwhile.
        appended = {attempt.audit_id for attempt in _recorded(opened, cluster)[0]} if requests.others() else ()
    asked = [attempt for attempt in attempts if run in (None, attempt.run)]
    found = compare(asked, requests, logs, namespace=namespace, appended=appended)
    emit(output, _document(found, logs, identities), lambda: "\n".join(_text(found, logs, identities)))
    return ExitStatus.LEDGER if found.differences else ExitStatus.COMPLETE


def _logs(files: Sequence[Path]) -> list[WholeLog]:
    """Each log once, though several of its files were named."""
    if not files:
        raise UsageFault("No audit log is given.", advice="Name it: --audit FILE, or set `audit.logs`.")
    return list({log.path.resolve(): log for log in map(WholeLog, files)}.values())


def _required(identities: frozenset[str]) -> frozenset[str]:
    if not identities:
        raise UsageFault(
            "No run in this ledger has recorded as whom the API server sees the executor.",
            advice="Name it, such as --identity system:serviceaccount:runbook-gate:executor.",
        )
    return identities


def _asked_about(store: Store, named: str | None, run: str | None) -> tuple[str | None, str | None]:
    """The cluster whose logs are read, None if there was no run yet; and the namespace of the run that is asked about.

    Raises:
        UsageFault: the ledger has runs of several clusters, and none was named.
    """
    if run:
        task = History(store.runs.entries(run)).opened.task
        if named not in (None, task.cluster_id):
            raise UsageFault(f"Run {run} is one of cluster {task.cluster_id}.", advice="Leave out --cluster.")
        return task.cluster_id, task.namespace
    if named:
        return named, None
    found = sorted({store.tasks.get(status.task).cluster_id for status in store.runs.list(limit=None)})
    if len(found) > 1:
        raise UsageFault(
            f"The ledger has runs of several clusters: {', '.join(found)}.",
            advice="Compare one after the other, each with its own logs: --cluster ID.",
        )
    return next(iter(found), None), None


def _recorded(store: Store, cluster: str | None) -> tuple[list[Attempt], frozenset[str]]:
    """Every intent for a cluster in the ledger, and as whom that cluster saw the executor."""
    attempts, identities = list[Attempt](), set[str]()
    for status in store.runs.list(limit=None):
        history = History(store.runs.entries(status.id))
        if history.opened.task.cluster_id == cluster:
            attempts += attempts_of(history)
            identities |= identities_of(history)
    return attempts, frozenset(identities)


def _read(log: WholeLog, requests: Requests) -> None:
    for event in log.read():
        requests.add(event)
    if not log.events:
        raise UsageFault(
            f"{log.path}: there is no audit event in it.", advice="Give the JSON-lines audit log of an API server."
        )


def _document(found: Reconciliation, logs: Sequence[WholeLog], identities: frozenset[str]) -> dict[str, Any]:
    kept = ("files", "events", "malformed", "first_ms", "last_ms")
    told = [{"path": str(log.path), **{name: getattr(log, name) for name in kept}} for log in logs]
    return {"result": found.result, "identities": sorted(identities), "logs": told, **asdict(found)}


def _text(found: Reconciliation, logs: Sequence[WholeLog], identities: frozenset[str]) -> Iterator[str]:
    yield from columns([("Identity", name) for name in sorted(identities)])
    yield ""
    rows = [(log.path, log.files, log.events, log.malformed, _at(log.first_ms), _at(log.last_ms)) for log in logs]
    yield from columns([("AUDIT LOG", "FILES", "EVENTS", "MALFORMED", "FROM", "TO"), *rows])
    yield ""
    if told := [*found.differences, *found.in_doubt]:
        header = ("FOUND", "AT", "NAMESPACE", "RUN", "ENTRY", "ATTEMPT", "RECORDED", "LOGGED", "AUDIT-ID")
        yield from columns([header, *map(_row, told)])
        yield ""
    yield (
        f"Intents: {found.intents}; {found.matched} with their event, {found.unsent} never sent, {len(found.in_doubt)} "
        f"in doubt without one, {found.not_covered} without one outside of the time that every log covers."
    )
    yield f"Result: {found.result}"


def _row(one: Finding) -> tuple[object, ...]:
    where = (one.namespace, one.run, one.seq, one.attempt)
    return one.kind, rfc3339(one.at_ms), *where, one.recorded, one.logged, one.audit_id


def _at(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
