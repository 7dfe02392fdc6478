"""The policies of a process that carries out many runs: checked once, and served by one sidecar that is kept.

- A bundle is checked again when its file, or that of the key, is another.
- A sidecar that died is started again from the binary that was measured; of another binary a new one is started.
- A run that another bundle governs gets a sidecar of its own, as a single run does.
- The kept sidecar is started by `look` alone: the kernel ends it with the thread that started it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runbook_gate.configuration import Settings
from runbook_gate.errors import SidecarFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import OpaGate
from runbook_gate.serving import (
    Serving,
    another_bundle,
    beside,
    read_bundle,
    serving,
    starts_sidecar,
    verification_of,
)
from runbook_gate.working.kept import Identity, Kept, KeptGate

DEAF: Final = 3  # looks in a row that a sidecar may leave unanswered before it is ended


class WarmPolicies:
    """`Policies` for all workers of a process.

    Args:
        settings: the configuration.
        stopping: whether the process was asked to stop; then nobody waits for a sidecar.

    Attributes:
        needed: set by who finds the sidecar dead.
    """

    def __init__(self, settings: Settings, stopping: Callable[[], bool] = lambda: False) -> None:
        self._settings, self._stopping = settings, stopping
        self.needed = threading.Event()
        self._checking, self._lock, self._mine = threading.Lock(), threading.Lock(), threading.local()
        self._checked: tuple[Identity, Bundle] | None = None
        self._kept: Kept | None = None
        self._retired: list[Kept] = []
        self._deaf = 0
        self._stranger = False

    # --- for every worker ---

    def given(self) -> Bundle:
        """The configured bundle, checked.

        Raises:
            UsageFault: none is configured, or it is refused.
            EnvironmentFault: there is no opa binary to check it with.
            SidecarFault: at the last look the sidecar served another one.
        """
        if self._stranger:
            raise another_bundle()
        return self._given()

    def _given(self) -> Bundle:
        with self._checking:
            identity = self._identity()
            if self._checked is None or self._checked[0] != identity:
                self._checked = None
                bundle = read_bundle(self._settings)
                self._checked = (bundle.raw, identity[1]), bundle
            return self._checked[1]

    @contextmanager
    def serving(self, bundle: Bundle) -> Iterator[Serving]:
        """The kept sidecar, or one of its own for a bundle that it does not serve."""
        if not starts_sidecar(self._settings):
            verification = verification_of(self._settings)
            yield Serving(self._gate(None), None, verification.key_id() if verification else None)
            return
        kept = self._use(bundle)
        if kept is None:
            with serving(self._settings, bundle) as own:
                yield own
            return
        try:
            yield Serving(self._gate(kept), kept.sidecar, kept.signer, kept.platform)
        finally:
            with self._lock:
                kept.users -= 1

    def leave(self) -> None:
        """Close the connection that this thread keeps."""
        gate = self._mine.__dict__.pop("gate", None)
        if gate is not None:
            gate[1].close()

    # --- for the thread that lives longest ---

    def look(self) -> None:
        """See that the sidecar serves the configured bundle and answers; start what is not there.

        Raises:
            UsageFault: the bundle is refused.
            SidecarFault: nothing answers, or something else than this bundle.
        """
        self.needed.clear()
        bundle = self._given()
        if starts_sidecar(self._settings):
            self._keep(bundle)
            self._retire()
        try:
            self._asked(bundle)
        except SidecarFault:
            self._deaf += 1
            if self._deaf >= DEAF and self._kept is not None and self._kept.sidecar.process.running:
                self._deaf = 0
                self._kept.sidecar.process.kill()
            raise
        self._deaf = 0

    def close(self) -> None:
        """End every sidecar."""
        with self._lock:
            every, self._kept, self._retired = [*self._retired, *([self._kept] if self._kept else [])], None, []
        for kept in every:
            kept.sidecar.stop()

    def _asked(self, bundle: Bundle) -> None:
        address = self._kept.sidecar.address if self._kept else beside(self._settings)
        gate = OpaGate(address, timeout_s=self._settings.opa.timeout_s)
        try:
            _, revision = gate.revision()
        finally:
            gate.close()
        self._stranger = revision != bundle.content_sha256
        if self._stranger:
            raise another_bundle()

    def _keep(self, bundle: Bundle) -> None:
        kept, identity = self._kept, self._checked[0] if self._checked else (bundle.raw, b"")
        if kept is not None and kept.identity == identity and (kept.answering or kept.restart()):
            return
        made = Kept(self._settings, bundle, identity)
        with self._lock:
            self._kept = made
            self._retired += [kept] if kept else []

    def _retire(self) -> None:
        with self._lock:
            idle = [kept for kept in self._retired if not kept.users]
            self._retired = [kept for kept in self._retired if kept.users]
        for kept in idle:
            kept.sidecar.stop()

    def _use(self, bundle: Bundle) -> Kept | None:
        with self._lock:
            kept = self._kept
            if kept is None or kept.bundle.bundle_sha256 != bundle.bundle_sha256:
                return None
            kept.users += 1
            return kept

    def _gate(self, kept: Kept | None) -> OpaGate:
        """This thread's connection, kept from run to run."""
        mine: tuple[Kept | None, OpaGate] | None = self._mine.__dict__.get("gate")
        if mine is None or mine[0] is not kept:
            self.leave()
            timeout_s = self._settings.opa.timeout_s
            if kept is None:
                made = OpaGate(beside(self._settings), timeout_s=timeout_s)
            else:
                made = KeptGate(kept, self.needed.set, self._stopping, timeout_s=timeout_s)
            mine = self._mine.gate = (kept, made)
        return mine[1]

    def _identity(self) -> Identity:
        return _bytes(self._settings.bundle), _bytes(self._settings.opa.verification_key)


def _bytes(path: Path | None) -> bytes:
    """A file's bytes; what is wrong with one that cannot be read, whoever needs it says."""
    try:
        return path.read_bytes() if path else b""
    except OSError:
        return b""
