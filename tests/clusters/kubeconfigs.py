"""One kubeconfig of several clusters, as people have it: clusters, users and contexts side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook_gate.localcluster import LocalCluster


def write(folder: Path, clusters: Mapping[str, LocalCluster]) -> Path:
    """Write the file, and beside it the authorities and the token of each cluster, by relative names.

    Args:
        folder: made for them.
        clusters: by the name of the context that leads there.

    Returns:
        The file; its current context leads to the first cluster as nobody, who is turned away everywhere with 401.
    """
    folder.mkdir()
    servers = {name: _server(folder, name, one) for name, one in clusters.items()}
    servers["nobody"] = next(iter(servers.values()))
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nobody",
        "clusters": [{"name": f"{name}-cluster", "cluster": server} for name, server in servers.items()],
        "users": [{"name": f"{name}-user", "user": _user(folder, name, one)} for name, one in clusters.items()]
        + [{"name": "nobody-user", "user": {"token": "of-nobody"}}],
        "contexts": [
            {"name": name, "context": {"cluster": f"{name}-cluster", "user": f"{name}-user"}} for name in servers
        ],
    }
    file = folder / "all"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _server(folder: Path, name: str, cluster: LocalCluster) -> dict[str, Any]:
    (folder / f"{name}.crt").write_bytes(cluster.server.ca_file.read_bytes())
    return {"server": cluster.server.url, "certificate-authority": f"{name}.crt"}


def _user(folder: Path, name: str, cluster: LocalCluster) -> dict[str, Any]:
    own = json.loads(cluster.server.kubeconfig("executor").read_text(encoding="utf-8"))["users"][0]["user"]
    (folder / f"{name}.token").write_text(own["token"], encoding="ascii")
    return {"tokenFile": f"{name}.token"}
