"""A sidecar that the executor starts itself: workstation, CI and cron."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import requests

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import ServerFault, SidecarFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Address
from runbook_gate.gate.transport import ExactAdapter
from runbook_gate.processes import ServerProcess

# Read at start, never polled; the socket lies in a 0700 folder and lets through what system.authz allows.
ARGUMENTS = (
    "run",
    "--server",
    "--bundle",
    "bundle.tar.gz",
    "--addr",
    "unix://opa.sock",
    "--unix-socket-perm",
    "700",
    "--authorization=basic",
    "--skip-version-check",
    "--log-level=error",
)


class Sidecar:
    """One OPA process serving one bundle on a private unix socket.

    Args:
        opa: the opa binary.
        bundle: what it serves.
        start_s: how long it may take until it answers.
    """

    def __init__(self, opa: Path, bundle: Bundle, *, start_s: float = 15) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="runbook-gate-opa-"))
        (self._folder / "bundle.tar.gz").write_bytes(bundle.raw)
        self.binary_sha256 = sha256_hex(opa.read_bytes())
        self._opa, self._start_s = opa, start_s
        self._process = ServerProcess(
            "opa", [str(opa), *ARGUMENTS], self._folder / "opa.log", cwd=self._folder, env={}
        )
        self.start()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address(socket=str(self._folder / "opa.sock"))

    @property
    def platform(self) -> str | None:
        """What the binary says of its platform, such as `linux/amd64`."""
        told = subprocess.run([str(self._opa), "version"], env={}, capture_output=True, text=True, timeout=10, check=False)
        stated = [line.partition(":")[2].strip() for line in told.stdout.splitlines() if line.startswith("Platform:")]
        return stated[0] if stated else None

    @property
    def process(self) -> ServerProcess:
        """The process, for tests that freeze or kill it."""
        return self._process

    def start(self) -> None:
        """Start it and wait until its bundle is active.

        Raises:
            SidecarFault: with the end of its log.
        """
        (self._folder / "opa.sock").unlink(missing_ok=True)
        try:
            self._process.start(self._ready, seconds=self._start_s)
        except ServerFault as fault:
            raise SidecarFault(str(fault)) from fault

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ready(self) -> bool:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", ExactAdapter(timeout_s=1, socket_path=self.address.socket))
            try:
                return session.get("http://localhost/health?bundles").status_code == 200
            except requests.RequestException as fault:
                raise ConnectionError("opa does not answer yet") from fault

    def __enter__(self) -> Sidecar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
