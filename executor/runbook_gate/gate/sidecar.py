"""A sidecar that the executor starts itself: workstation, CI and cron."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import requests

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import ServerFault, SidecarFault
from runbook_gate.gate.address import Address
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.transport import ExactAdapter
from runbook_gate.processes import ServerProcess

# Read at start, never polled; the socket lies in a 0700 folder and lets through what system.authz allows. The bundle
# is known by its content digest, signed or not; without --skip-verify OPA refuses a signed one for want of the key.
ARGUMENTS: Final = (
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
    "--skip-verify",
)
_LONGEST_SOCKET_PATH: Final = 107
_GRACE_S: Final = 0.5  # it keeps nothing, so nothing is lost


class Sidecar:
    """One OPA process serving one bundle on a private unix socket.

    Attributes:
        binary_sha256: digest of the opa binary.

    Args:
        opa: the opa binary.
        bundle: what it serves.
        start_s: how long it may take until it answers.
        arguments: of opa.
        beside: a folder that is copied beside the bundle, for `arguments` to name.
        through: a command that starts opa, such as one that takes the network away.

    Raises:
        SidecarFault: it did not start; nothing is left of it.
    """

    def __init__(
        self,
        opa: Path,
        bundle: Bundle,
        *,
        start_s: float = 15,
        arguments: Sequence[str] = ARGUMENTS,
        beside: Path | None = None,
        through: Sequence[str] = (),
    ) -> None:
        self.binary_sha256 = _digest(opa)
        self._start_s = start_s
        self._folder = Path(tempfile.mkdtemp(prefix="runbook-gate-opa-"))  # mkdtemp makes it 0700
        self._process = ServerProcess(
            "opa", [*through, str(opa.absolute()), *arguments], self._folder / "opa.log", cwd=self._folder, env={}
        )
        try:
            (self._folder / "bundle.tar.gz").write_bytes(bundle.raw)
            if beside is not None:
                shutil.copytree(beside, self._folder / beside.name)
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address(socket=str(self._folder / "opa.sock"))

    @property
    def process(self) -> ServerProcess:
        """The process, for tests that freeze or kill it."""
        return self._process

    def start(self) -> None:
        """Start it and wait until its bundle is active.

        Raises:
            SidecarFault: with the end of its log.
        """
        path = self._folder / "opa.sock"
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            raise SidecarFault(
                f"{self._folder.parent} is too long a path for a unix socket.",
                advice="Set TMPDIR to a folder with a shorter path.",
            )
        path.unlink(missing_ok=True)
        try:
            self._process.start(self._ready, seconds=self._start_s)
        except ServerFault as fault:
            # The log does not outlive a failed start: its end is told, its place is not.
            raise SidecarFault(str(fault).replace(f"{self._folder}/", "")) from fault

    def stop(self) -> None:
        """End it and remove its folder."""
        try:
            self._process.stop(grace_s=_GRACE_S)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ready(self) -> bool:
        adapter = ExactAdapter(timeout_s=1, socket_path=self.address.socket)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", adapter)
            session.get("http://localhost/health?bundles")
        return adapter.answer.status == 200

    def __enter__(self) -> Sidecar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _digest(opa: Path) -> str:
    try:
        return sha256_hex(opa.read_bytes())
    except OSError as fault:
        raise SidecarFault(
            f"{opa}: {fault.strerror}.", advice="Run `make tools`, or configure another opa binary."
        ) from fault
