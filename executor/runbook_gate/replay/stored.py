"""Recorded decisions of a store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from runbook_gate.canonical import go_escaped, sha256_hex
from runbook_gate.core.decision_input import decision_input
from runbook_gate.core.history import History
from runbook_gate.gate.client import PATH
from runbook_gate.ledger import Store
from runbook_gate.ledger.streaming import WalkedRun
from runbook_gate.models.bodies import DecisionBody
from runbook_gate.models.runbook import Pins
from runbook_gate.replay.records import Policy, Recorded, Unreadable
from runbook_gate.replay.selection import Selection
from runbook_gate.shapes import mapping


class StoredRecords:
    """The decisions that a store recorded.

    Args:
        store: the ledger, open for reading.
        name: for people.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store, self.name = store, name

    def count(self, selection: Selection) -> int:
        """At most how many decisions `decisions` gives."""
        return self._store.reading.count(selection.run)

    def decisions(self, selection: Selection) -> Iterator[Recorded | Unreadable]:
        """The selected decisions, run after run, each run's in order, its chain checked."""
        for run in self._store.reading.runs(selection.run):
            if selection.admits_run(run.id, run.runbook, run.target_key):
                yield from of_run(run, selection)

    def evidence(self, digests: Collection[str]) -> Mapping[str, bytes]:
        """Evidence by digest; the bytes are not checked."""
        return self._store.reading.evidence(digests)


def of_run(run: WalkedRun, selection: Selection) -> Iterator[Recorded | Unreadable]:
    """The selected decisions of one run. What cannot be read is never left out: nobody knows what it was."""
    pinned, history = _pinned(run), _history(run)
    for seq in run.decisions:
        if run.broken:
            yield Unreadable(run.id, seq, run.runbook, run.target_key, f"{run.broken}")
            continue
        one = _recorded(run, run.entries[seq - 1], history)
        if isinstance(one, Recorded) and (one.policy.bundle_sha256, one.policy.content_sha256) != pinned[seq]:
            one = Unreadable(run.id, seq, run.runbook, run.target_key, "it names another policy than its run")
        if isinstance(one, Unreadable) or selection.admits(
            at_ms=one.at_ms,
            verdict=one.verdict,
            codes=one.codes,
            checkpoint=one.checkpoint,
            policy=one.policy.content_sha256,
        ):
            yield one


def _pinned(run: WalkedRun) -> dict[int, tuple[object, object]]:
    """By position, the policy that the run was pinned to."""
    pinned, pins = dict[int, tuple[object, object]](), mapping(None)
    for fields in run.entries:
        if fields["kind"] in ("opened", "repinned"):
            pins = mapping(fields["body"].get("pins"))
        pinned[fields["seq"]] = (pins.get("bundle_sha256"), pins.get("content_sha256"))
    return pinned


def _history(run: WalkedRun) -> History | None:
    """The run as models; None if an entry is of another schema."""
    try:
        return History.of(run.entries)
    except ValidationError:
        return None


def _told(history: History, fields: Mapping[str, Any]) -> str | None:
    """Digest of the input that the entries before a decision give, canonical as they are; None if they give none."""
    try:
        document = decision_input(history.before(fields["seq"]), fields["checkpoint"], fields["step"])
    except (IndexError, KeyError, TypeError, ValidationError):
        return None
    return sha256_hex(go_escaped(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)))


def _recorded(run: WalkedRun, fields: dict[str, Any], history: History | None) -> Recorded | Unreadable:
    if history is None:
        return Unreadable(
            run.id, fields["seq"], run.runbook, run.target_key, "an entry of its run is of no schema of ours"
        )
    try:
        body = DecisionBody.model_validate(fields["body"])
    except ValidationError:
        return Unreadable(run.id, fields["seq"], run.runbook, run.target_key, "its body is no decision of this schema")
    answer, request = body.answer, body.request
    first = run.entries[0]
    if (fields["task"], fields["runbook"]) != (first["task"], first["runbook"]):
        return Unreadable(run.id, fields["seq"], run.runbook, run.target_key, "it names another task than its run")
    if (request.path, answer.status) != (PATH, 200):
        return Unreadable(run.id, fields["seq"], run.runbook, run.target_key, "it was not asked for a decision")
    return Recorded(
        run=run.id,
        seq=fields["seq"],
        task=fields["task"],
        runbook=run.runbook,
        target=run.target_key,
        checkpoint=fields["checkpoint"],
        at_ms=fields["at_ms"],
        head=fields["prev_sha256"],
        verdict=body.verdict,
        next=body.next.model_dump(mode="json"),
        codes=tuple(body.codes),
        policy=_policy(body.pins),
        request_sha256=request.body_sha256,
        input_sha256=request.input_sha256,
        told_sha256=_told(history, fields),
        answer_sha256=answer.body_sha256 or "",
        result_sha256=answer.result_sha256 or "",
    )


def _policy(pins: Pins) -> Policy:
    measured = pins.opa_sha256 if pins.opa_basis == "measured" else None
    return Policy(pins.content_sha256, pins.bundle_sha256, pins.opa_version, measured)
