"""Replaces itself by a server that is killed as soon as the process that started it is gone.

Run as a file, with nothing but the standard library: `launch.py PARENT-PID COMMAND...`. A program of its own
and not a function between fork and exec, so that starting a server is safe in a process with threads. The
kernel sends the signal when the *thread* that started the server ends: start it from one that lives on.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was told
        sys.exit(1)


def _environment() -> dict[bytes, bytes]:
    """What this program was started with: in the C locale Python adds a variable of its own (PEP 538)."""
    if sys.platform != "linux":
        return dict(os.environb)
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 - pathlib takes longer to import than all else
        return dict(one.split(b"=", 1) for one in file.read().split(b"\0") if b"=" in one)


if __name__ == "__main__":
    _die_with_parent(int(sys.argv[1]))
    os.execve(sys.argv[2], sys.argv[2:], _environment())  # noqa: S606 - no shell is wanted
