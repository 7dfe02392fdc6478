"""Could notifications be signed and sent? Nothing is sent."""

from __future__ import annotations

from runbook_gate.configuration import Settings
from runbook_gate.errors import EnvironmentFault
from runbook_gate.notifications.advice import advice
from runbook_gate.notifications.signing import NoSecretError, secrets_of
from runbook_gate.wire.trust import trusting
from runbook_gate.wire.wire import Wire


def notifications(settings: Settings) -> str:
    """The receiver is named, and the files that it takes are as they should be."""
    receiver = settings.notifications
    if receiver.url is None or receiver.secret_file is None:
        return "not configured: what there is to tell waits in the store"
    try:
        keys = secrets_of(receiver.secret_file)
    except NoSecretError:
        raise EnvironmentFault(
            f"{receiver.secret_file} cannot be read, or holds no secret.", advice=advice("no_secret")
        ) from None
    try:
        trusting(receiver.ca_file, Wire()).clear()
    except OSError:
        raise EnvironmentFault(
            f"{receiver.ca_file} cannot be read, or holds no certificate.", advice=advice("no_ca")
        ) from None
    return f"{receiver.url}, signed with {len(keys)} secret(s)"
