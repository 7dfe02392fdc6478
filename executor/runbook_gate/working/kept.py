"""One sidecar for many runs, and how they ask it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from runbook_gate.canonical import sha256_hex
from runbook_gate.configuration import Settings
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.serving import opa_binary, platform_of, verification_of

RESTART_S: Final = 20.0  # how long a question waits for a sidecar that is being started again
_SLICE_S: Final = 0.2

Identity = tuple[bytes, bytes]  # the bundle's file, and the key's


class Kept:
    """One sidecar, for many runs of many threads."""

    def __init__(self, settings: Settings, bundle: Bundle, identity: Identity) -> None:
        verification, self._opa = verification_of(settings), opa_binary(settings)
        self.bundle, self.identity = bundle, identity
        self.sidecar = Sidecar(self._opa, bundle, verification=verification)
        self.signer = verification.key_id() if verification else None
        self.platform = platform_of(self._opa)
        self.users = 0
        self.changed = threading.Condition()
        self._ready = True

    @property
    def answering(self) -> bool:
        """Whether it runs and answered when it was started."""
        return self._ready and self.sidecar.process.running

    def restart(self) -> bool:
        """Start it again.

        Returns:
            Whether it could be: the binary is still the one that was measured.
        """
        if sha256_hex(self._opa.read_bytes()) != self.sidecar.binary_sha256:
            return False
        self._ready = False
        self.sidecar.start()
        with self.changed:
            self._ready = True
            self.changed.notify_all()
        return True


class KeptGate(OpaGate):
    """A gate that waits for its sidecar to be started again before it asks."""

    def __init__(self, kept: Kept, wake: Callable[[], object], stopping: Callable[[], bool], *, timeout_s: float):
        super().__init__(kept.sidecar.address, timeout_s=timeout_s)
        self.kept, self._wake, self._stopping = kept, wake, stopping

    def _post(self, sent: bytes) -> Any:
        left = RESTART_S
        while left > 0 and not self.kept.answering and not self._stopping():
            self._wake()
            with self.kept.changed:
                self.kept.changed.wait_for(lambda: self.kept.answering, _SLICE_S)
            left -= _SLICE_S
        return super()._post(sent)
