"""Each register from where the configuration says that it is: a file, or an HTTPS endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runbook_gate.clock import Clock
from runbook_gate.configuration import RegisterEndpoint
from runbook_gate.registers.files import FileRegisters
from runbook_gate.registers.https import HttpsRegister
from runbook_gate.registers.protocol import RawAnswer


class ConfiguredRegisters:
    """A `RegisterSource` of both kinds.

    Args:
        places: file or endpoint of each register, by name.
        clock: for the moments of reading.
    """

    def __init__(self, places: Mapping[str, Path | RegisterEndpoint], clock: Clock) -> None:
        self._files = FileRegisters({name: at for name, at in places.items() if isinstance(at, Path)}, clock)
        self._endpoints = {
            name: HttpsRegister(at, clock) for name, at in places.items() if isinstance(at, RegisterEndpoint)
        }

    def read(self, name: str) -> RawAnswer:
        """Read one register, whole."""
        endpoint = self._endpoints.get(name)
        return endpoint.read() if endpoint else self._files.read(name)
