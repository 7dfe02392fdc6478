"""The sidecars of a replay: started for it, each with one bundle and the replay module, on a private unix socket.

Nothing of the caller's environment reaches them; their only variables set the pace of Go's garbage collector, and no
built-in that a bundle may use can read them. They have no authorizer (nobody else reaches the socket), and no network
where this system lets a user take it away.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final

from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import BUNDLE_FILE, SOCKET_FILE, Sidecar, arguments
from runbook_gate.replay.wires import Wire

_MODULE: Final = Path(__file__).with_name("module")
_ARGUMENTS: Final = (
    *(one for one in arguments(BUNDLE_FILE, SOCKET_FILE, None) if one != "--authorization=basic"),
    "--bundle",
    _MODULE.name,
)
# A batch is garbage at once: the collector's usual pace costs a fifth of the time. Memory stays flat by the limit.
_VARIABLES: Final = {"GOGC": "400", "GOMEMLIMIT": "400MiB"}


class ReplaySidecar:
    """One OPA process that decides for a replay.

    Attributes:
        binary_sha256: digest of the opa binary.

    Args:
        opa: the opa binary.
        bundle: what decides. It passed the capabilities check.

    Raises:
        SidecarFault: it did not start with this bundle.
    """

    def __init__(self, opa: Path, bundle: Bundle) -> None:
        through = without_network()
        self._sidecar = Sidecar(
            opa, bundle, instead=_ARGUMENTS, beside=_MODULE, through=through, variables=_VARIABLES, start_s=60
        )
        self.binary_sha256 = self._sidecar.binary_sha256
        self._idle: list[Wire] = []
        self._lock = threading.Lock()

    @property
    def socket_path(self) -> str:
        """Where it listens."""
        return str(self._sidecar.address.socket)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._sidecar.process.pid

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        """A connection for the time of a block."""
        with self._lock:
            wire = self._idle.pop() if self._idle else Wire(self.socket_path)
        try:
            yield wire
        finally:
            with self._lock:
                self._idle.append(wire)

    def close(self) -> None:
        """Stop it."""
        for wire in self._idle:
            wire.close()
        self._sidecar.stop()

    def __enter__(self) -> ReplaySidecar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@lru_cache(maxsize=1)
def without_network() -> tuple[str, ...]:
    """A command that starts another one without network; empty where the system does not allow that."""
    unshare, true = shutil.which("unshare"), shutil.which("true")
    if unshare is None or true is None:
        return ()
    command = (unshare, "--map-root-user", "--net", "--")
    try:
        done = subprocess.run(
            [*command, true], env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return command if done.returncode == 0 else ()
