"""Scripted gates on both kinds of socket, and the tiny policies of this folder as a bundle."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fakes.gate import Reply, ScriptedGate

from runbook_gate import resources
from runbook_gate.gate.build import build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Address, OpaGate
from runbook_gate.gate.sidecar import Sidecar

Serve = Callable[[Reply], ScriptedGate]
Connect = Callable[..., OpaGate]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a unix socket."""
    with tempfile.TemporaryDirectory(prefix="rg-") as folder:
        yield Path(folder)


@pytest.fixture(params=["unix", "tcp"])
def serve(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Serve]:
    """Starts a scripted gate."""
    with ExitStack() as stack:
        path = short_folder / "gate.sock" if request.param == "unix" else None
        yield lambda reply: stack.enter_context(ScriptedGate(reply, path))


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes a client."""
    with ExitStack() as stack:

        def make(address: Address, timeout_s: float = 5) -> OpaGate:
            gate = OpaGate(address, timeout_s=timeout_s)
            stack.callback(gate.close)
            return gate

        yield make


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory, opa_binary: Path) -> Path:
    """A copy of this folder's policies, with the shipped authorization and every built-in allowed."""
    folder = tmp_path_factory.mktemp("tiny") / "policies"
    shutil.copytree(Path(__file__).with_name("policies"), folder)
    shutil.copytree(resources.policies() / "system", folder / "system")
    told = subprocess.run([opa_binary, "capabilities", "--current"], capture_output=True, check=True)
    (folder / "capabilities.json").write_bytes(told.stdout)
    return folder


@pytest.fixture
def own_policies(policies: Path, tmp_path: Path) -> Path:
    """A copy that the test may change."""
    return Path(shutil.copytree(policies, tmp_path / "policies"))


@pytest.fixture(scope="session")
def bundle(policies: Path, opa_binary: Path) -> Bundle:
    """The tiny policies as a bundle."""
    return build(policies, opa=opa_binary)


@pytest.fixture(scope="session")
def opa_stated_version(opa_binary: Path) -> str:
    """What the binary says of itself."""
    told = subprocess.run([opa_binary, "version"], capture_output=True, text=True, check=True)
    return told.stdout.splitlines()[0].removeprefix("Version: ")


@pytest.fixture(scope="session")
def shared_sidecar(bundle: Bundle, opa_binary: Path) -> Iterator[Sidecar]:
    """A real OPA that no test stops."""
    with Sidecar(opa_binary, bundle) as started:
        yield started


@pytest.fixture
def own_sidecar(bundle: Bundle, opa_binary: Path) -> Iterator[Sidecar]:
    """A real OPA of the test's own."""
    with Sidecar(opa_binary, bundle) as started:
        yield started
