"""How the API server is reached: a kubeconfig or what a pod is given, and nothing from the environment.

A `tokenFile` is read anew for each request, as short-lived tokens are replaced while a run goes on.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import certifi
import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException
from kubernetes.config.kube_config import KubeConfigLoader

from runbook_gate.addresses import is_loopback
from runbook_gate.bearer import NoTokenError, bearer
from runbook_gate.errors import InvalidDocument
from runbook_gate.wire.wire import NotSentError

MOUNTED: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER: Final = "https://kubernetes.default.svc"
_NO_POD: Final = "in_cluster is for a pod with automountServiceAccountToken; elsewhere name a kubeconfig."
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
_UNUSABLE: Final = (ConfigException, OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)


def load_access(kubeconfig: Path, context: str | None) -> Any:
    """Read a kubeconfig.

    Args:
        kubeconfig: the file.
        context: name of the context; None for the file's current one.

    Returns:
        A `kubernetes.client.Configuration`, for `hardened`.

    Raises:
        InvalidDocument: it cannot be used; the message never holds what stood in it.
    """
    if not kubeconfig.is_file():
        raise InvalidDocument(f"{kubeconfig}: there is no such kubeconfig")
    access: Any = Configuration()
    try:
        document = yaml.load(kubeconfig.read_bytes(), _LOADER)  # noqa: S506 - it is a safe one
        token_file = _token_file(document, kubeconfig.parent, context)
        if token_file is not None:
            _refresh(token_file, access)
        loader = KubeConfigLoader(  # type: ignore[no-untyped-call]
            _unambiguous(document), context, config_base_path=str(kubeconfig.parent)
        )
        loader.load_and_set(access)  # type: ignore[no-untyped-call]
    except NotSentError:
        raise InvalidDocument(
            f"{kubeconfig}: its tokenFile cannot be read, or holds no token",
            advice="Start again when the token is there; a run that was active stays resumable.",
        ) from None
    except _UNUSABLE:
        raise InvalidDocument(f"{kubeconfig}: not a kubeconfig with the context that was asked for") from None
    if not access.verify_ssl:
        raise InvalidDocument(f"{kubeconfig}: insecure-skip-tls-verify is refused")
    if token_file is not None:
        access.refresh_api_key_hook = partial(_refresh, token_file)
    return access


def access_to(kubeconfig: Path | None, context: str | None) -> Any:
    """What a configuration says of a cluster.

    Args:
        kubeconfig: the file; None for the service account of this pod.
        context: name of the context; None for the file's current one.

    Returns:
        A `kubernetes.client.Configuration`, for `hardened`.

    Raises:
        InvalidDocument: it cannot be used.
    """
    return load_access(kubeconfig, context) if kubeconfig else in_cluster_access(MOUNTED)


def in_cluster_access(folder: Path, host: str = IN_CLUSTER) -> Any:
    """The service account of this pod.

    Args:
        folder: where its token and the cluster's authorities are mounted.
        host: the API server, as each pod reaches it.

    Returns:
        A `kubernetes.client.Configuration`, for `hardened`.

    Raises:
        InvalidDocument: they are not there.
    """
    token_file, authorities = folder / "token", folder / "ca.crt"
    access: Any = Configuration()
    access.host, access.ssl_ca_cert = host, str(authorities)
    try:
        _refresh(token_file, access)
    except NotSentError:
        raise InvalidDocument(f"{token_file}: no token of a service account", advice=_NO_POD) from None
    if not authorities.is_file():
        raise InvalidDocument(f"{authorities}: no certificates of the cluster's authorities", advice=_NO_POD)
    access.refresh_api_key_hook = partial(_refresh, token_file)
    return access


def _unambiguous(document: Any) -> dict[str, Any]:
    """Of entries with the same name the first counts."""
    lists = ("clusters", "contexts", "users")
    return {
        **document,
        **{kind: list({one["name"]: one for one in reversed(document.get(kind) or [])}.values()) for kind in lists},
    }


def _token_file(document: Any, folder: Path, context: str | None) -> Path | None:
    """The tokenFile of a context's user. The client would read it once, and prefer a `token` beside it."""
    chosen = _named(document, "context", context or document["current-context"])
    stated = _named(document, "user", chosen["user"]).get("tokenFile")
    return folder / stated if stated else None


def _named(document: Any, kind: str, name: str) -> Mapping[str, Any]:
    found = (entry.get(kind) for entry in document.get(f"{kind}s") or [] if entry.get("name") == name)
    return next(found, None) or {}


def _refresh(token_file: Path, access: Any) -> None:
    """What the client calls before each request.

    Raises:
        NotSentError: there is no token now; without one nothing is asked.
    """
    try:
        access.api_key["BearerToken"] = f"Bearer {bearer(token_file)}"
    except NoTokenError:
        raise NotSentError from None


def hardened(access: Any) -> Any:
    """A copy without proxies and retries; it trusts the kubeconfig's CA, else certifi's."""
    settings = copy.deepcopy(access)
    settings.retries = False
    settings.client_go_retries = False
    settings.proxy = settings.no_proxy = settings.proxy_headers = None
    settings.verify_ssl = True
    settings.debug = False
    settings.ssl_ca_cert = settings.ssl_ca_cert or certifi.where()
    settings.connection_pool_maxsize = 1
    return settings


def server_url(url: str) -> str:
    """Check the address of an API server.

    Args:
        url: from the kubeconfig or the list of endpoints.

    Returns:
        The same without a final slash.

    Raises:
        InvalidDocument: it is not https, nor http to a loopback address.
    """
    parts = urlsplit(url)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username or parts.query:
        raise InvalidDocument("API server: expected https://HOST[:PORT], or http to a loopback address")
    return url.rstrip("/")
