"""The executor in a pod of a cluster, as far as it can tell: what is mounted, and where the API server is found."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.accounts import Account

from runbook_gate.cluster import kubeconfig


class Pod(Account):
    """An account whose token is in a folder as the kubelet makes it.

    Token, authorities and namespace are links into a folder that is itself behind a link, which is what is replaced.
    """

    @property
    def folder(self) -> Path:
        """Where it is mounted."""
        return self.theatre.folder / "serviceaccount"

    @property
    def token_file(self) -> Path:
        """The token in it."""
        return self.folder / "token"

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """Let this process be in the pod: the folder, the cluster's name service, and the variables.

        The variables lead nowhere, since nothing is taken from the environment.
        """
        patch.setattr(kubeconfig, "MOUNTED", self.folder)
        for name, value in (("HOST", "127.0.0.1"), ("PORT", "1"), ("PORT_HTTPS", "1")):
            patch.setenv(f"KUBERNETES_SERVICE_{name}", value)
        port, ask = self.theatre.cluster.server.port, socket.getaddrinfo

        def answer(host: Any, asked: Any, *more: Any) -> Any:
            service = (host, asked) == ("kubernetes.default.svc", 443)
            return ask("127.0.0.1", port, *more) if service else ask(host, asked, *more)

        patch.setattr(socket, "getaddrinfo", answer)

    def _mount(self, token: str) -> None:
        self.folder.mkdir(exist_ok=True)
        made, link = Path(tempfile.mkdtemp(prefix="..", dir=self.folder)), self.folder / "..data"
        (made / "token").write_text(token, encoding="ascii")
        (made / "ca.crt").write_bytes(self.theatre.cluster.server.ca_file.read_bytes())
        (made / "namespace").write_text(self.theatre.namespace, encoding="ascii")
        before = link.resolve() if link.is_symlink() else None
        partial = self.folder / "..data_tmp"
        partial.symlink_to(made.name)
        partial.replace(link)
        if before:
            shutil.rmtree(before)
            return
        for name in ("token", "ca.crt", "namespace"):
            (self.folder / name).symlink_to(f"..data/{name}")
