"""A sidecar that the executor starts itself: workstation, CI and cron."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final

import requests

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import ServerFault, SidecarFault
from runbook_gate.gate.address import Address
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.signature import Verification
from runbook_gate.gate.transport import ExactAdapter
from runbook_gate.processes import ServerProcess

BUNDLE_FILE: Final = "bundle.tar.gz"
SOCKET_FILE: Final = "opa.sock"
_LONGEST_SOCKET_PATH: Final = 107
_GRACE_S: Final = 0.5  # it keeps nothing, so nothing is lost


def arguments(bundle: str, socket: str, verification: Verification | None) -> tuple[str, ...]:
    """The sidecar's command line without the program, wherever it is started.

    The bundle is read at start and never polled; the socket is its owner's alone, and lets through what system.authz
    allows. Without a key nothing is verified: the content digest identifies the bundle, signed or not, and OPA would
    refuse a signed one for want of the key.

    Args:
        bundle: path of the bundle file.
        socket: path of the socket.
        verification: key that must have signed the bundle.
    """
    return (
        *("run", "--server", "--bundle", bundle, "--addr", f"unix://{socket}", "--unix-socket-perm", "700"),
        *("--authorization=basic", "--skip-version-check", "--log-level=error"),
        *(verification.arguments if verification else ("--skip-verify",)),
    )


class Sidecar:
    """One OPA process serving one bundle on a private unix socket.

    Attributes:
        binary_sha256: digest of the opa binary.

    Args:
        opa: the opa binary.
        bundle: what it serves.
        verification: key that must have signed the bundle.
        start_s: how long it may take until it answers.
        instead: arguments of opa instead of those that serve the bundle.
        beside: a folder that is copied beside the bundle, for `instead` to name.
        through: a command that starts opa, such as one that takes the network away.
        variables: its whole environment.

    Raises:
        SidecarFault: it did not start; nothing is left of it.
    """

    def __init__(
        self,
        opa: Path,
        bundle: Bundle,
        *,
        verification: Verification | None = None,
        start_s: float = 15,
        instead: Sequence[str] = (),
        beside: Path | None = None,
        through: Sequence[str] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.binary_sha256 = _digest(opa)
        self._start_s = start_s
        self._folder = Path(tempfile.mkdtemp(prefix="runbook-gate-opa-"))  # mkdtemp makes it 0700
        command = [*through, str(opa.absolute()), *(instead or arguments(BUNDLE_FILE, SOCKET_FILE, verification))]
        self._process = ServerProcess("opa", command, self._folder / "opa.log", cwd=self._folder, env=variables)
        try:
            (self._folder / BUNDLE_FILE).write_bytes(bundle.raw)
            if beside is not None:
                shutil.copytree(beside, self._folder / beside.name)
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address(socket=str(self._folder / SOCKET_FILE))

    @property
    def process(self) -> ServerProcess:
        """The process, for tests that freeze or kill it."""
        return self._process

    def start(self) -> None:
        """Start it and wait until its bundle is active.

        Raises:
            SidecarFault: with the end of its log.
        """
        path = self._folder / SOCKET_FILE
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
