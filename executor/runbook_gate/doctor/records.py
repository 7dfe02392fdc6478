"""Do the registers answer in their form, and is the audit log there?"""

from __future__ import annotations

from runbook_gate.clock import Clock
from runbook_gate.configuration import RegisterEndpoint, Settings
from runbook_gate.documents import Malformed
from runbook_gate.errors import EnvironmentFault
from runbook_gate.registers.envelope import Envelope, NotAnEnvelopeError
from runbook_gate.registers.pages import MovedError
from runbook_gate.registers.places import ConfiguredRegisters
from runbook_gate.registers.projection import read_envelope
from runbook_gate.registers.protocol import RawAnswer
from runbook_gate.timestamps import rfc3339


def register(settings: Settings, clock: Clock, name: str) -> str:
    """A register answers with an envelope. Whether it is fresh enough is the gate's to say."""
    place = settings.registers.get(name)
    told = "not configured" if place is None else str(place.url if isinstance(place, RegisterEndpoint) else place)
    answer = ConfiguredRegisters(settings.registers, clock).read(name)
    if place is None or answer.content is None:
        raise EnvironmentFault(
            f"{told}: {answer.outcome} ({answer.problem}).",
            advice=f"Set `registers.{name}` to a file that this user can read, or an endpoint (docs/registers.md).",
        )
    found = _envelope(answer, told, name)
    counted = f"{told}: as of {rfc3339(found.as_of_ms)}, {len(found.records)} record(s)"
    return counted if found.complete else f"{counted}, incomplete: runs will be denied"


def audit_log(settings: Settings) -> str:
    """Every audit file is there."""
    logs = settings.audit.logs
    missing = [str(path) for path in logs if not path.is_file()]
    if missing or not logs:
        raise EnvironmentFault(
            f"{', '.join(missing) or 'No audit log is configured'}: runbooks that require audit evidence escalate.",
            advice="Set `audit.logs` to the audit file of each API server.",
        )
    return ", ".join(map(str, logs))


def _envelope(answer: RawAnswer, told: str, name: str) -> Envelope:
    try:
        return read_envelope(answer)
    except MovedError as fault:
        raise EnvironmentFault(f"{told}: unanswered ({fault.problem}).", advice="Ask again.") from None
    except (Malformed, NotAnEnvelopeError) as fault:
        raise EnvironmentFault(
            f"{told}: malformed ({fault.problem}).",
            advice=f"See the sample in fixtures/registers/{name}.yaml, and have the register's owner mend it.",
        ) from None
