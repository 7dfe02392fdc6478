"""The event of a notification: made of the record alone, so its bytes are the same in each attempt."""

from __future__ import annotations

from typing import Any, Final, Literal

from runbook_gate.canonical import canonical_bytes
from runbook_gate.ledger import Telling, packet_id
from runbook_gate.models.notification import EscalationHandled, EscalationNotification, RunEnded, RunNotification
from runbook_gate.timestamps import rfc3339

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
_OUTCOMES: Final[dict[str, Literal["complete", "escalated"]]] = {"completed": "complete", "escalated": "escalated"}


def event_bytes(telling: Telling) -> bytes:
    """Make the event.

    Args:
        telling: what the record says.

    Returns:
        The body of the request: a CloudEvent in its JSON format, in canonical form.
    """
    event = _run(telling) if telling.fields["kind"] in _OUTCOMES else _handling(telling)
    return canonical_bytes(event.model_dump(mode="json"))


def _run(telling: Telling) -> RunNotification:
    fields, outcome = telling.fields, _OUTCOMES[telling.fields["kind"]]
    body: dict[str, Any] = fields["body"] if outcome == "escalated" else {}
    data = RunEnded(
        **_about(telling),
        outcome=outcome,
        origin=body.get("origin"),
        codes=list(body.get("codes", [])),
        write_in_doubt=bool(body.get("write_in_doubt", False)),
        packet=packet_id(telling.sha256) if outcome == "escalated" else None,
        ledger_head=telling.sha256,
        ended_ms=fields["at_ms"],
    )
    return RunNotification.model_validate(
        {**_context(telling), "type": f"runbook-gate.run.{fields['kind']}", "subject": telling.run, "data": data}
    )


def _handling(telling: Telling) -> EscalationNotification:
    fields = telling.fields
    data = EscalationHandled(
        **_about(telling),
        packet=fields["subject"],
        actor=fields["actor"],
        store_head=telling.sha256,
        handled_ms=fields["at_ms"],
    )
    return EscalationNotification.model_validate(
        {
            **_context(telling),
            "type": f"runbook-gate.escalation.{fields['kind']}",
            "subject": fields["subject"],
            "data": data,
        }
    )


def _about(telling: Telling) -> dict[str, Any]:
    about = {"run": telling.run, "task": telling.task, "runbook": telling.runbook, "target_key": telling.target_key}
    return {"schema_": 1, **about}


def _context(telling: Telling) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": telling.id,
        "source": f"urn:runbook-gate:store:{telling.store}",
        "time": rfc3339(telling.fields["at_ms"]),
        "datacontenttype": "application/json",
    }
