"""Servers as child processes: started, awaited, frozen, stopped in order, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_gate.errors import ServerFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LAUNCH = Path(__file__).with_name("launch.py")


class ServerProcess:
    """One server: a child in a session of its own, so that Ctrl-C reaches the parent only.

    Attributes:
        name: What messages call it.
        log_file: Its output; kept and continued over restarts.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_file: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log_file = log_file
        self._cwd, self._env = cwd, env
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    @property
    def running(self) -> bool:
        """Whether the server is alive (frozen counts)."""
        return self._process is not None and self._process.poll() is None

    def start(self, is_ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Starts the server and waits until it is ready.

        Args:
            is_ready: Asked again and again; may raise OSError while the server is not there yet.
            seconds: How long to wait.

        Raises:
            ServerFault: It ended or was not ready in time; it is stopped then.
        """
        if self.running:
            raise ServerFault(f"{self.name} is running already.")
        self._process = self._spawn()
        try:
            self._await(is_ready, seconds)
        except BaseException:
            self.stop(grace_s=0)
            raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        launch = [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid())]
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [*launch, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self._cwd,
                env=self._env,
            )

    def _await(self, is_ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.running:
                raise ServerFault(f"{self.name} ended while it started. {self._last_lines()}")
            try:
                if is_ready():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise ServerFault(f"{self.name} was not ready after {seconds:.0f} s. {self._last_lines()}")

    def _last_lines(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        return f"The end of {self.log_file}:\n" + "\n".join(line[:500] for line in lines)

    def stop(self, *, grace_s: float = 10) -> None:
        """Ends the server: SIGTERM, and SIGKILL when that was not enough. Does nothing if it has ended."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)  # none of these does anything once it has ended
        self._process.terminate()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Ends the server at once, as a crash would."""
        self._running().kill()
        self.stop()

    def pause(self) -> None:
        """Freezes the server (SIGSTOP): connections stay open and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a frozen server go on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServerFault(f"{self.name} is not running, or is not this process's to control.")
        return self._process
