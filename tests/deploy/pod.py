"""A pod of deploy/ on this machine: its volumes as folders, its commands as processes, its paths below one folder.

What a kubelet does and this does not: containers, users, cgroups and the network.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.composing import Document, identity
from tests.deploy.stage import executor_token

from runbook_gate.localcluster import LocalCluster, find_tool
from runbook_gate.localcluster.seeding import Seeder


@dataclass(frozen=True)
class Ended:
    """How a container ended."""

    status: int
    out: str
    err: str


class Pod:
    """One pod.

    Args:
        folder: in which its paths lie; short, because of the socket.
        spec: as the API server would get it.
        documents: what was composed with it, for its config maps.
        cluster: whose API server it talks to.
        seeder: for the token that a kubelet would ask for.
    """

    def __init__(
        self, folder: Path, spec: Document, documents: Sequence[Document], cluster: LocalCluster, seeder: Seeder
    ) -> None:
        self._root, self._spec, self._cluster, self._seeder = folder, spec, cluster, seeder
        self._config_maps = {identity(one)[2]: one for one in documents if one["kind"] == "ConfigMap"}
        mounts = [mount for container in self._containers() for mount in container["volumeMounts"]]
        self._mounts = {mount["name"]: mount["mountPath"] for mount in mounts}
        (folder / "dev").mkdir()
        for volume in spec["volumes"]:
            self._fill(volume, self.path(self._mounts[volume["name"]]))

    def path(self, inside: str) -> Path:
        """Where a path of the pod lies here."""
        return self._root / inside.lstrip("/")

    def _containers(self) -> list[Document]:
        return [*self._spec["initContainers"], *self._spec["containers"]]

    def _fill(self, volume: Document, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        match volume:
            case {"configMap": {"name": name}}:
                self._files(name, folder)
            case {"projected": {"sources": [{"serviceAccountToken": {"path": token}}, {"configMap": _}]}}:
                (folder / token).write_text(executor_token(self._seeder), encoding="ascii")
                shutil.copy(self._cluster.server.ca_file, folder / "ca.crt")
            case {"persistentVolumeClaim": {"claimName": "audit-log"}}:
                (folder / "audit.log").symlink_to(self._cluster.server.audit_log)
            case {"secret": {"secretName": "store"}}:
                (folder / "password").write_text("not asked for", encoding="ascii")
            case {"persistentVolumeClaim": _} | {"emptyDir": _}:
                pass
            case _:
                raise AssertionError(volume)

    def _files(self, name: str, folder: Path) -> None:
        found = self._config_maps[name]
        for key, text in found.get("data", {}).items():
            (folder / key).write_text(self.here(text), encoding="utf-8")
        for key, encoded in found.get("binaryData", {}).items():
            (folder / key).write_bytes(base64.b64decode(encoded))

    def here(self, text: str) -> str:
        """A text with the pod's paths and the API server's name replaced by what they are here."""
        places = sorted({*self._mounts.values(), "/dev/termination-log"}, reverse=True)
        pattern = re.compile("|".join(map(re.escape, places)))
        text = pattern.sub(lambda found: str(self.path(found[0])), text)
        return text.replace("https://kubernetes.default.svc", self._cluster.server.url)

    def _command(self, written: Sequence[str]) -> list[str]:
        """A command of the image: opa is on its PATH, and its entry point is the program."""
        program = [str(find_tool("opa"))] if written[0] == "opa" else [sys.executable, "-m", "runbook_gate", written[0]]
        return [*program, *map(self.here, written[1:])]

    @contextmanager
    def sidecar(self) -> Iterator[subprocess.Popen[str]]:
        """The sidecar, started as the manifest says and awaited by its own startup probe."""
        [container] = self._spec["initContainers"]
        pipe = subprocess.PIPE
        with subprocess.Popen(self._command(container["command"]), env={}, text=True, stdout=pipe, stderr=pipe) as opa:
            try:
                self._await_started(container, opa)
                yield opa
            finally:
                opa.terminate()
                opa.communicate(timeout=20)

    def _await_started(self, container: Document, opa: subprocess.Popen[str]) -> None:
        probe = container["startupProbe"]
        for _ in range(probe["failureThreshold"]):
            if opa.poll() is not None or self.probe() == 0:
                return
            time.sleep(probe["periodSeconds"])

    def probe(self) -> int:
        """The startup probe, once."""
        command = self._command(self._spec["initContainers"][0]["startupProbe"]["exec"]["command"])
        return subprocess.run(command, env={}, capture_output=True, timeout=30, check=False).returncode

    def run(self) -> Ended:
        """The executor's container, to its end."""
        [container] = self._spec["containers"]
        done = subprocess.run(
            self._command(container["args"]),
            env={**self._environment(container), "PATH": str(find_tool("opa").parent)},
            cwd=self._root,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[str]]:
        """The executor's container, while the block lasts."""
        [container] = self._spec["containers"]
        pipe, path = subprocess.PIPE, {"PATH": str(find_tool("opa").parent)}
        command, environment = self._command(container["args"]), {**self._environment(container), **path}
        with subprocess.Popen(
            command, env=environment, cwd=self._root, text=True, stdout=pipe, stderr=pipe
        ) as executor:
            try:
                yield executor
            finally:
                executor.kill()

    def _environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        stated = {entry["name"]: self.here(entry["value"]) for entry in container["env"]}
        return {**stated, "TMPDIR": str(self.path("/tmp")), "HOME": os.devnull}
