"""Exports of runs that OPA decided and that was measured."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.cli.conftest import Call, call  # noqa: F401 - a fixture
from tests.replay.conftest import recorded, store_file  # noqa: F401 - fixtures
from tests.scenarios.conftest import bundle, sidecar  # noqa: F401 - fixtures

Files = dict[str, bytes]
Export = Callable[..., Path]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private and a public key, as openssl writes them."""
    return key_pair(tmp_path, "signer")


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a key pair."""
    private = ec.generate_private_key(ec.SECP256R1())
    files = folder / f"{name}.key", folder / f"{name}.pem"
    files[0].write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[1].write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return files


@pytest.fixture
def export(call: Call, store_file: Path, tmp_path: Path) -> Export:  # noqa: F811
    """Export with some arguments; where the file is."""

    def export(*arguments: object, to: str = "export.tar.gz") -> Path:
        told = call("evidence", "export", *arguments, "--out", to)
        assert (told.status, told.err) == (0, "")
        return tmp_path / to

    return export


def files_of(export: Path) -> Files:
    """What an export holds, as tar has it."""
    with tarfile.open(export) as tar:
        found = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {name: stream.read() for name, stream in found.items() if stream}
