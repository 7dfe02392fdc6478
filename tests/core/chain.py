"""A run's entries, made one after the other as the loop would append them."""

from __future__ import annotations

from typing import Any

from tests.core import bodies
from tests.fakes.clock import BOOT
from tests.fakes.gate import PINS

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.core.history import History
from runbook_gate.models.entry import Entry


class Chain:
    """A run; each method appends one entry and gives the chain back.

    Attributes:
        entries: what was appended.
    """

    def __init__(self, **routing: Any) -> None:
        self.entries: list[Entry] = []
        self.add("opened", bodies.opened(**routing), step=(routing or bodies.ROUTING)["steps"][0])

    @property
    def history(self) -> History:
        return History(tuple(self.entries))

    @property
    def newest(self) -> Entry:
        return self.entries[-1]

    def add(self, kind: str, body: dict[str, Any], **fields: Any) -> Chain:
        """Append any entry."""
        seq = len(self.entries) + 1
        content = {
            "schema": 1,
            "run": "01kq3v",
            "task": bodies.TASK["id"],
            "runbook": bodies.TASK["runbook"],
            "step": "restore",
            "seq": seq,
            "kind": kind,
            "checkpoint": None,
            "attempt": None,
            "actor": "executor",
            "at_ms": bodies.T0 + seq * 1000,
            "boottime_ms": 1_000_000 + seq * 1000,
            "boot_id": BOOT,
            "server_date_ms": None,
            "executor": {"version": "0.1.0", "configuration_sha256": bodies.DIGEST},
            "lease": 1,
            "body": body,
            "prev_sha256": self.newest.sha256 if self.entries else None,
            **fields,
        }
        digest = sha256_hex(canonical_bytes(content))
        self.entries.append(Entry.model_validate({**content, "sha256": digest}))
        return self

    def decide(self, told: str, *, step: str = "restore", codes: tuple[str, ...] = (), **following: Any) -> Chain:
        """Append a decision, told as `cp1 proceed patch_labels cp2` (`-` for no checkpoint)."""
        checkpoint, verdict, action, onward = told.split()
        after = {"action": action, "step": step, "checkpoint": None if onward == "-" else onward}
        body = {
            **bodies.EXCHANGED,
            "pins": PINS.model_dump(),
            "verdict": verdict,
            "next": {**after, "until_ms": None, "params": {"asked_by": told}, **following},
            "codes": list(codes),
        }
        return self.add("decision", body, checkpoint=checkpoint, step=step)

    def observe(self, effect: str, /, *, step: str = "restore", **body: Any) -> Chain:
        """Append an observation; that of a write names the newest intent."""
        return self.add("observation", {**bodies.OBSERVED[effect], **body}, step=step)

    def intend(self, attempt: int = 1, *, step: str = "restore") -> Chain:
        """Append an intent."""
        body = {
            "action": "patch_labels",
            "attempt": attempt,
            "uid": bodies.UID,
            "resource_version": "48211",
            "labels": bodies.LABELS,
            "not_after_ms": bodies.T0 + 30_000,
            "params_sha256": bodies.DIGEST,
            "decision": self.newest.sha256,
            "read_date_ms": bodies.T0,
            "marker": f"rbgate.01kq3v.{attempt}",
        }
        return self.add("intent", body, checkpoint="cp2", attempt=attempt, step=step)

    def wrote(self, *, step: str = "restore") -> Chain:
        """Append the observation of the write that the newest entry announced."""
        return self.observe("patch_labels", step=step, intent=self.newest.sha256)

    def no_decision(self, checkpoint: str) -> Chain:
        """Append an answer that was not acted on."""
        body = {"code": "no_decision.timeout", **bodies.EXCHANGED}
        return self.add("no_decision", body, checkpoint=checkpoint)

    def repin(self) -> Chain:
        """Append the line that a new bundle draws."""
        pins = PINS.model_copy(update={"content_sha256": "f" * 64})
        return self.add("repinned", {"pins": pins.model_dump()}, checkpoint="cp0")


def gathered() -> Chain:
    """Up to the facts that cp1 judges."""
    return Chain().decide("cp0 proceed gather cp1").observe("gather")


def intended() -> Chain:
    """Up to the first intent."""
    return gathered().decide("cp1 proceed patch_labels cp2").intend()


def resolved() -> Chain:
    """Up to the facts that cp2 judges."""
    return intended().wrote().observe("resolve_write")


def verified() -> Chain:
    """Up to the first round."""
    return resolved().decide("cp2 proceed verify cp3").observe("verify")
