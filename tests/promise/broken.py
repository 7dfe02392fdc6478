"""The promise, sentence by sentence.

- Every chain is consistent, every entry has its place, and every ended run has exactly one record or packet.
- No write is replayed: an Audit-ID reaches the server once, is the hash of an intent, and carries what it says.
- No attempt is forgotten: the attempts of a run are numbered without a gap, and no more than its budget.
- No blind second write: between two intents the first was looked at, and cp2 answered `retry`.
- No newer state is overwritten: a write lands on the very version that was read before its intent, each value there
  is the prequalified one or the approved one, and nobody else wrote the labels since the first intent.
- Nothing is complete that was not verified: the last words before a completion are cp3 and cp4 on rounds and facts
  younger than the last intent, and the server's own log says that the tuple was there then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.promise.audit import Version, Write, told

from runbook_gate.core.history import AttemptEntries, History
from runbook_gate.ledger import Store
from runbook_gate.models.entry import Entry


def broken(
    store: Store,
    events: Iterable[Mapping[str, Any]],
    *,
    user: str = "runbook-gate",
    ended: bool = True,
    packets: Iterable[str] | None = None,
) -> list[str]:
    """Every way in which a store and an audit log break the promise.

    Args:
        store: the ledger.
        events: the raw audit events of all API servers, each once, from the creation of each namespace on.
        user: the executor's identity.
        ended: whether every run must have ended by now.
        packets: ids of the packets that were delivered; None where delivery is not looked at.

    Returns:
        One sentence each, empty if it is kept.
    """
    verification = store.verify()
    if not verification.consistent:
        return [f"ledger verify: {verification.result}"]
    runs, seen = store.runs.list(limit=100_000), list(events)
    found = [f"task {task} has {number} runs" for task, number in Counter(r.task for r in runs).items() if number > 1]
    made = Counter(one.run for one in store.escalations.list("all", limit=100_000))
    histories = [History(store.runs.entries(run.id)) for run in runs]
    for history in histories:
        found += [f"run {history.newest.run}: {told}" for told in _of_run(history, made, ended=ended)]
    for namespace in sorted({history.opened.task.namespace for history in histories}):
        here = [history for history in histories if history.opened.task.namespace == namespace]
        found += [f"namespace {namespace}: {told}" for told in _of_namespace(here, *told(seen, namespace), user)]
    if packets is not None:
        stored, delivered = sorted(one.id for one in store.escalations.list("all", limit=100_000)), sorted(packets)
        found += [] if stored == delivered else [f"packets {delivered} were delivered, not {stored}"]
    return found


def _of_run(history: History, made: Mapping[str, int], *, ended: bool) -> Iterator[str]:
    end = history.end
    if ended and end is None:
        yield f"never ended; its newest entry is {history.newest.kind}"
    wanted = int(end is not None and end.kind == "escalated")
    if made.get(history.newest.run, 0) != wanted:
        yield f"{made.get(history.newest.run, 0)} packets instead of {wanted}"
    if [entry.kind for entry in history.entries if entry.kind in {"completed", "escalated"}] not in (
        [],
        [end and end.kind],
    ):
        yield "an end that is not its last entry"
    leases = [entry.lease for entry in history.entries]
    if leases != sorted(leases):
        yield f"an entry of an older lease after one of a newer: {leases}"
    yield from _attempts(history)
    if end is not None and end.kind == "completed":
        yield from _unverified(history)


def _attempts(history: History) -> Iterator[str]:
    for step in history.opened.routing.steps:
        intents = [made.intent for made in history.attempts(step)]
        if [intent.attempt for intent in intents] != list(range(1, len(intents) + 1)):
            yield f"attempts {[intent.attempt for intent in intents]}"
        if len(intents) > history.opened.routing.retry_budget:
            yield f"{len(intents)} attempts with a budget of {history.opened.routing.retry_budget}"
        for first, second in pairwise(intents):
            words = _words(history, first.seq, second.seq)
            looked = list(history.observations("resolve_write", step=step, after=first.seq))
            if "cp2 retry" not in words or not looked or looked[0].seq > second.seq:
                yield f"attempt {second.attempt} without a retry of attempt {first.attempt}: {words}"
    for intent in (entry for entry in history.entries if entry.kind == "intent"):
        before = history.entries[intent.seq - 2]
        go = (before.kind, before.checkpoint, before.sha256) == ("decision", "cp1", intent.body["decision"])
        if not go or before.lease != intent.lease:
            yield f"intent {intent.seq} without a go that its own process received"


def _unverified(history: History) -> Iterator[str]:
    last = max((entry.seq for entry in history.entries if entry.kind == "intent"), default=0)
    # While a register does not answer, cp4 waits and gathers again.
    words = [word for word in _words(history, last, history.newest.seq) if word != "cp4 wait"]
    if words[-2:] != ["cp3 proceed", "cp4 complete"]:
        yield f"completed after {words}"
    rounds = history.rounds(history.newest.step)
    if len(rounds) < 2:
        yield f"completed on {len(rounds)} rounds since the last intent"


def _words(history: History, after: int, before: int) -> list[str]:
    return [f"{e.checkpoint} {e.body['verdict']}" for e in history.decisions() if after < e.seq < before]


def _of_namespace(
    histories: Sequence[History], writes: Sequence[Write], versions: Sequence[Version], user: str
) -> Iterator[str]:
    own = [write for write in writes if write.user == user]
    yield from (f"Audit-ID {i} came {n} times" for i, n in Counter(write.audit_id for write in own).items() if n > 1)
    intents = {
        entry.sha256: (history, entry) for history in histories for entry in history.entries if entry.kind == "intent"
    }
    for write in own:
        if write.audit_id not in intents:
            yield f"a write without an intent, Audit-ID {write.audit_id}"
            continue
        yield from _one_write(write, *intents[write.audit_id], versions, user)
    completed = [history for history in histories if history.newest.kind == "completed"]
    for history in completed:
        yield from _not_there(history, versions)
    # What a write landed on, and what was there before a completion, is only known from the creation on.
    landed = any(version.write.user == user for version in versions)
    if (completed or landed) and not (versions and versions[0].write.verb == "create"):
        yield "its beginning is not in the log"


def _one_write(write: Write, history: History, intent: Entry, versions: Sequence[Version], user: str) -> Iterator[str]:
    body, task = intent.body, history.opened.task
    if (str(write.base), dict(write.asked)) != (body["resource_version"], body["labels"]):
        yield f"write {write.audit_id} is not what its intent says"
    landed = next((version for version in versions if version.write is write), None)
    before = [version for version in versions if landed and version.number < landed.number]
    if landed is None or not before:
        return
    if before[-1].number != write.base:
        yield f"write {write.audit_id} landed on {before[-1].number}, not on {write.base}"
    for key, wanted in task.labels.items():
        if before[-1].labels.get(key) not in (task.drift.labels.get(key), wanted):
            yield f"write {write.audit_id} overwrote a newer value of {key}"
    # A conflict is a definite no: what is read after it counts alone. A write in doubt may have been reverted.
    doubtful = [made.intent for made in history.attempts(intent.step) if not _conflict(made)] or [intent]
    first = int(doubtful[0].body["resource_version"])
    yield from _foreign(write, [one for one in versions if one.number <= landed.number], first, task.labels, user)


def _conflict(made: AttemptEntries) -> bool:
    return made.observation is not None and made.observation.body["patched"]["http"]["status"] == 409


def _foreign(write: Write, versions: Sequence[Version], first: int, keys: Iterable[str], user: str) -> Iterator[str]:
    """Somebody else's change of the labels between a version and a write that landed."""
    for older, newer in pairwise(versions):
        moved = [key for key in keys if older.labels.get(key) != newer.labels.get(key)]
        if newer.number > first and moved and newer.write.user != user:
            yield f"write {write.audit_id} landed after {newer.write.user} changed {moved[0]}"


def _not_there(history: History, versions: Sequence[Version]) -> Iterator[str]:
    record = history.newest.body["record"]
    verified = [version for version in versions if version.number <= int(record["resource_version"])]
    labels = verified[-1].labels if verified else {}
    wrong = [key for key, wanted in history.opened.task.labels.items() if labels.get(key) != wanted]
    if wrong:
        yield f"completed at resourceVersion {record['resource_version']}, where {wrong[0]} is not the approved value"
