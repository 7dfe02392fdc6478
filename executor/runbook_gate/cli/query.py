"""`query`: what auditors ask of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from runbook_gate.cli.asking import digits, each, each_run, selection_of, status_of, when, which
from runbook_gate.cli.rows import emit_rows, rows_option
from runbook_gate.cli.settings import store_option
from runbook_gate.ledger import Store
from runbook_gate.ledger.chain import intact
from runbook_gate.queries import rows
from runbook_gate.queries.figures import Figures
from runbook_gate.queries.records import Told

_RUNS: Final = (
    *("run", "task", "runbook", "target", "outcome", "fault", "opened_ms", "ended_ms", "attempts", "checkpoint"),
    *("codes", "policies", "submitted", "prequalified", "acted", "acknowledged", "resolved"),
)
_WRITES: Final = (
    *("at_ms", "cluster", "namespace", "by", "run", "task", "attempt", "outcome", "resource_version", "audit_id"),
    *("audit_event", "labels"),
)
_RETRIES: Final = (
    *("at_ms", "run", "task", "target", "step", "checkpoint", "attempt", "outcome", "reason", "next_attempt"),
    *("next_outcome", "run_outcome"),
)
_POLICY: Final = (
    *("run", "task", "runbook", "target", "outcome", "from_seq", "decisions", "first_ms", "last_ms"),
    *("content_sha256", "bundle_sha256", "opa_version"),
)


@click.group()
def query() -> None:
    """Answer what auditors ask: runs, writes, retries, policies, figures."""


@query.command()
@which
@when
@store_option
@rows_option
@click.pass_context
def runs(context: click.Context, /, store: Path | str | None, output: str, **chosen: Any) -> int:
    """List runs by outcome, runbook, revision, target, code, time or actor.

    A run whose chain is broken is listed as unreadable whatever is asked of its contents, and the exit status says so.
    """
    selection = selection_of(chosen)
    with each_run(context, store) as (_, people, every):
        found = [rows.of_run(run, people) for run in rows.selected(every, people, selection)]
    shown = ("run", "task", "outcome", "opened_ms", "attempts", "target", "runbook", "codes")
    emit_rows(output, found, found, _RUNS, shown, "No such run.")
    return status_of(sum(row["fault"] is not None for row in found))


@query.command()
@click.argument("namespace", metavar="NAMESPACE")
@click.option("--cluster", metavar="CLUSTER", help="In this cluster only.")
@when
@store_option
@rows_option
@click.pass_context
def writes(
    context: click.Context, /, namespace: str, cluster: str | None, store: Path | str | None, output: str, **chosen: Any
) -> int:
    """List every write to NAMESPACE that the ledger knows.

    Its own attempts, and writes of others that a run found in the audit log. For all that the API server saw:
    `ledger reconcile`.
    """

    def of(run: Told) -> Iterator[dict[str, Any]]:
        task = run.history.opened.task
        here = task.namespace == namespace and cluster in (None, task.cluster_id)
        return rows.of_writes(run) if here else iter(())

    found, unreadable = each(context, store, selection_of(chosen), of)
    shown = ("at_ms", "by", "run", "attempt", "outcome", "resource_version", "audit_id", "audit_event")
    emit_rows(output, found, found, _WRITES, shown, f"The ledger knows of no write to {namespace}.")
    return status_of(unreadable)


@query.command()
@which
@when
@store_option
@rows_option
@click.pass_context
def retries(context: click.Context, /, store: Path | str | None, output: str, **chosen: Any) -> int:
    """List every decision to try a write again, and its reason."""
    found, unreadable = each(context, store, selection_of(chosen), rows.of_retries)
    shown = ("at_ms", "run", "target", "attempt", "outcome", "reason", "next_outcome", "run_outcome")
    emit_rows(output, found, found, _RETRIES, shown, "No write was tried again.")
    return status_of(unreadable)


@query.command()
@click.argument("digest", metavar="DIGEST", callback=digits)
@when
@store_option
@rows_option
@click.pass_context
def policy(context: click.Context, /, digest: str, store: Path | str | None, output: str, **chosen: Any) -> int:
    """List every run under the policies whose digest begins with DIGEST.

    DIGEST is of their content or of their bundle file; `policy archive list` has both.
    """
    found, unreadable = each(
        context, store, selection_of({**chosen, "policy": digest}), lambda run: rows.of_policy(run, digest)
    )
    shown = ("run", "task", "outcome", "from_seq", "decisions", "first_ms", "content_sha256", "opa_version")
    emit_rows(output, found, found, _POLICY, shown, f"No run was under a policy {digest}.")
    return status_of(unreadable)


@query.command()
@which
@when
@store_option
@rows_option
@click.pass_context
def figures(context: click.Context, /, store: Path | str | None, output: str, **chosen: Any) -> int:
    """Count four shares of the runs, and name the runs behind each.

    Completed without manual intervention; stopped before a false completion, by kind; complete retry ledgers and
    packets; interrupted runs that recovered. docs/questions.md says what is counted over what.
    """
    with each_run(context, store) as (opened, people, every):
        counted = Figures(people, lambda sha256: _record(opened, sha256))
        for run in rows.selected(every, people, selection_of(chosen)):
            counted.add(run)
    told = [figure.plain() for figure in counted.all]
    document = {"figures": told, "active": counted.active, "unreadable": counted.unreadable}
    table = [{**one, "share": _percent(one["count"], one["of"]), "runs": _named(one["runs"])} for one in told]
    emit_rows(
        output,
        document,
        table,
        ("name", "count", "of", "share", "meaning", "runs"),
        ("name", "count", "of", "share", "meaning"),
        "",
    )
    return status_of(len(counted.unreadable))


def _record(store: Store, sha256: str) -> bytes | None:
    data = store.reading.evidence([sha256]).get(sha256)
    return data if intact(data, sha256) else None


def _percent(count: int, of: int) -> str | None:
    return f"{100 * count / of:.1f} %" if of else None


def _named(found: dict[str, str]) -> Sequence[str]:
    return [f"{run} ({why});" for run, why in found.items()]
