"""Who may talk to the local API server, and with which secrets.

All API servers of one folder share the tokens and the service-account key: a token of one is good at another.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Short name: (user, groups). Only the rights of `executor` and `plain` come from RBAC objects.
USERS = {
    "admin": ("admin", "system:masters"),
    "executor": ("runbook-gate", ""),
    "plain": ("plain", ""),
    "other-controller": ("other-controller", "system:masters"),
}


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all, whoever else is writing it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


@dataclass(frozen=True)
class Credentials:
    """The secrets of one cluster folder.

    Attributes:
        key_file: The RSA key that signs and verifies ServiceAccount tokens.
        token_file: The API server's static tokens, one user a line.
        tokens: The same by the short names in `USERS`.
    """

    key_file: Path
    token_file: Path
    tokens: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> Credentials:
        """Reads the folder's credentials, or makes them the first time."""
        key_file, token_file, names = folder / "sa.key", folder / "tokens.csv", folder / "tokens.json"
        if not names.exists():
            tokens = {name: secrets.token_urlsafe(24) for name in USERS}
            lines = [f'{tokens[name]},{user},{name},"{groups}"\n' for name, (user, groups) in USERS.items()]
            write_private(key_file, _new_key())
            write_private(token_file, "".join(lines))
            write_private(names, json.dumps(tokens))
        return cls(key_file, token_file, json.loads(names.read_text(encoding="utf-8")))


def _new_key() -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def write_kubeconfig(path: Path, *, url: str, ca_file: Path, user: str, token: str) -> Path:
    """Writes a kubeconfig with one context, as JSON, which is YAML too."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": user}}],
        "current-context": "local",
    }
    write_private(path, json.dumps(content, indent=1))
    return path
