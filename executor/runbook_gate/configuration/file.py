"""The TOML file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from runbook_gate.errors import InvalidDocument
from runbook_gate.store_url import SCHEME

# Every setting that is a path; `*` is any key, `[]` any position of a list.
PATHS: Final = (
    "store",
    "bundle",
    "packet_dir",
    "heads_file",
    "metrics_file",
    "termination_message",
    "registers.*",
    "store_password_file",
    "store_ca_file",
    "registers.*.token_file",
    "registers.*.ca_file",
    "opa.binary",
    "opa.socket",
    "opa.verification_key",
    "cluster.kubeconfig",
    "clusters.*.kubeconfig",
    "clusters.*.audit.logs.[]",
    "clusters.*.registers.*",
    "clusters.*.registers.*.token_file",
    "clusters.*.registers.*.ca_file",
    "audit.logs.[]",
    "notifications.secret_file",
    "notifications.ca_file",
)


def read_file(file: Path) -> dict[str, Any]:
    """What the file says, its relative paths resolved against its folder.

    Raises:
        InvalidDocument: naming the file and, if it is not TOML, the line.
    """
    try:
        document = tomllib.loads(file.read_bytes().decode("utf-8"))
    except OSError as fault:
        raise InvalidDocument(f"{file}: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidDocument(f"{file}: not UTF-8.") from None
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"line [0-9]+|end of document", str(fault))
        raise InvalidDocument(f"{file}{', ' + line[0] if line else ''}: not well-formed TOML.") from None
    folder = file.absolute().parent
    for path in PATHS:
        document = _anchored(document, path.split("."), folder)
    return document


def _anchored(value: Any, path: list[str], folder: Path) -> Any:
    if not path:
        return str(folder / value) if isinstance(value, str) and value and not value.startswith(SCHEME) else value
    key, rest = path[0], path[1:]
    if key == "[]" and isinstance(value, list):
        return [_anchored(item, rest, folder) for item in value]
    if isinstance(value, dict):
        return {name: _anchored(item, rest, folder) if key in ("*", name) else item for name, item in value.items()}
    return value
