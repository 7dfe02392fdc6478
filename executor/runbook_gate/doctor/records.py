"""Do the registers answer in their form, and is the audit log there?"""

from __future__ import annotations

from runbook_gate.clock import Clock
from runbook_gate.configuration import Settings
from runbook_gate.documents import Malformed, load_document
from runbook_gate.errors import EnvironmentFault
from runbook_gate.registers.envelope import Envelope, NotAnEnvelopeError, envelope
from runbook_gate.registers.files import FileRegisters
from runbook_gate.timestamps import rfc3339


def register(settings: Settings, clock: Clock, name: str) -> str:
    """A register answers with an envelope. Whether it is fresh enough is the gate's to say."""
    path = settings.registers.get(name)
    answer = FileRegisters(settings.registers, clock).read(name)
    if path is None or answer.content is None:
        raise EnvironmentFault(
            f"{path or 'not configured'}: {answer.outcome} ({answer.problem}).",
            advice=f"Set `registers.{name}` to a file that this user can read.",
        )
    found = _envelope(answer.content, str(path), name)
    told = f"as of {rfc3339(found.as_of_ms)}, {len(found.records)} record(s)"
    return f"{path}: {told}" if found.complete else f"{path}: {told}, incomplete: runs will be denied"


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


def _envelope(content: bytes, path: str, name: str) -> Envelope:
    try:
        return envelope(load_document(content, source="register"))
    except (Malformed, NotAnEnvelopeError) as fault:
        raise EnvironmentFault(
            f"{path}: malformed ({fault.problem}).",
            advice=f"See the sample in fixtures/registers/{name}.yaml, and have the register's owner mend it.",
        ) from None
