"""Everything that the executor leaves or says, and the search for a string in it, however it is written."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from tests.scenarios.ledgers import values
from tests.scenarios.process import called, start
from tests.scenarios.theatre import Theatre

from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.store_url import StoreUrl


class Traces:
    """What was left and said in one theatre.

    Args:
        theatre: whose store, packets, heads and commands are searched.
        sidecar: whose log is searched.
    """

    def __init__(self, theatre: Theatre, sidecar: Sidecar) -> None:
        theatre.settings = theatre.settings.model_copy(update={"heads_file": theatre.folder / "heads.txt"})
        self._theatre, self._sidecar = theatre, sidecar
        self._said: dict[str, bytes] = {}

    def call(self, *arguments: str) -> int:
        """Call `runbook-gate ARGUMENTS` in a process and keep what it says.

        Returns:
            Its exit status.
        """
        with start(self._theatre, *arguments) as process:
            try:
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
        words = " ".join(arguments)
        self._said |= {f"stdout of {words}": out.encode(), f"stderr of {words}": err.encode()}
        return process.returncode

    def said(self, where: str) -> str:
        """What was said: `stdout of COMMAND` or `stderr of COMMAND`."""
        return self._said[where].decode()

    def ask(self, *arguments: str) -> None:
        """Call a command that only tells, for people and for programs; in this process, because there are many."""
        for words in (arguments, (*arguments, "-o", "json")):
            said, told = called(self._theatre, *words), " ".join(words)
            self._said |= {f"stdout of {told}": said.out.encode(), f"stderr of {told}": said.err.encode()}

    def ask_everything(self, task: str = "task-1") -> None:
        """Call every command that tells something."""
        with self._theatre.store() as store:
            packets = [one.id for one in store.escalations.list("all")]
        commands = [["status"], ["show", task], ["ledger", "verify"], ["config", "show"], ["escalations", "list"]]
        commands += [["doctor", "--namespace", self._theatre.namespace]]
        for command in [*commands, *(["escalations", "show", packet] for packet in packets)]:
            self.ask(*command)

    def everything(self) -> dict[str, bytes]:
        """Name and content of each trace."""
        folder = self._theatre.folder
        files = [*folder.glob("ledger.sqlite*"), *folder.glob("packets/*"), *folder.glob("heads.txt")]
        files += [*Path(self._sidecar.address.socket or "").parent.glob("*.log")]
        store = self._theatre.settings.store
        # Whoever runs a command has said where the server is; here every server has the one address.
        at = f"@{store.host}:{store.port}/" if isinstance(store, StoreUrl) else "@nowhere:0/"
        said = {name: content.replace(at.encode(), b"@") for name, content in self._said.items()}
        return said | {str(path): path.read_bytes() for path in files} | dict(values(store))

    def of(self, secret: str) -> list[str]:
        """Names of the traces that hold a string, as it is, encoded, or as its digest."""
        forms = list(_forms(secret))
        return [name for name, content in self.everything().items() if any(form in content for form in forms)]


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield hashlib.sha256(raw).hexdigest().encode()
    yield hashlib.sha256(raw).digest()
    for shift in range(3):  # wherever in a longer text it begins
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[4 if shift else 0 : len(encoded) - 4]
