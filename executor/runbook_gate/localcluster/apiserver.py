"""One kube-apiserver; several may share an etcd."""

from __future__ import annotations

import contextlib
import http.client
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook_gate.binaries import find_tool
from runbook_gate.localcluster.configuration import AUDIT_POLICY, admission, write_document
from runbook_gate.localcluster.credentials import USERS, Credentials, write_kubeconfig
from runbook_gate.processes import ServerProcess, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runbook_gate.localcluster.etcd import Etcd


@dataclass(frozen=True, kw_only=True)
class ApiServerOptions:
    """What a test may want to be different.

    Attributes:
        name: The server's subfolder; two servers of one folder need two names.
        pod_security_disabled: Leaves the PodSecurity admission plugin out.
        pod_security_exempt_namespaces: Namespaces that Pod Security does not look at.
        enable_admission_plugins: Plugins on top of the built-in set.
        disable_admission_plugins: Plugins left out of the built-in set.
        audit: Whether audit events are written.
        audit_max_size: Megabytes after which the audit log is rotated.
        extra_args: More command-line flags, taken as they are.
    """

    name: str = "kube-apiserver"
    pod_security_disabled: bool = False
    pod_security_exempt_namespaces: tuple[str, ...] = ()
    enable_admission_plugins: tuple[str, ...] = ()
    disable_admission_plugins: tuple[str, ...] = ()
    audit: bool = True
    audit_max_size: int = 100
    extra_args: tuple[str, ...] = ()


class ApiServer:
    """A kube-apiserver with RBAC, static tokens and an audit log that is written before the answer goes out.

    Attributes:
        port: The port on 127.0.0.1, the same for as long as the object lives.
        url: Where clients connect.
        ca_file: What a client needs to trust its certificate.
        audit_log: The current audit log; rotated files stand beside it.
        admin_token: The bearer token of a member of system:masters.
        process: The server process.
    """

    def __init__(self, folder: Path, etcd: Etcd, options: ApiServerOptions, port: int | None = None) -> None:
        self.port = port or free_port()
        self._folder = folder / options.name
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._credentials = Credentials.of(folder)
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca_file = self._folder / "certs" / "apiserver.crt"
        self.audit_log = self._folder / "audit.log"
        self.admin_token = self._credentials.tokens["admin"]
        settings = {**self._settings(etcd, options), **self._audit_settings(options)}
        command = [
            str(find_tool("kube-apiserver")),
            *(f"--{name}={value}" for name, value in settings.items()),
        ]
        log_file = self._folder / "kube-apiserver.log"
        self.process = ServerProcess(options.name, [*command, *options.extra_args], log_file)

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, etcd: Etcd, options: ApiServerOptions | None = None) -> Iterator[ApiServer]:
        """Starts a server on a free port, waits until it is ready, and stops it at the end of the block."""
        server = cls(folder, etcd, options or ApiServerOptions())
        server.start_again()
        try:
            yield server
        finally:
            server.stop()

    def _settings(self, etcd: Etcd, options: ApiServerOptions) -> dict[str, str]:
        disabled = [*options.disable_admission_plugins, *(["PodSecurity"] * options.pod_security_disabled)]
        exempt = options.pod_security_exempt_namespaces
        return {
            "etcd-servers": etcd.url,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            "secure-port": str(self.port),
            "cert-dir": str(self.ca_file.parent),
            "service-cluster-ip-range": "10.0.0.0/24",
            "authorization-mode": "RBAC",
            "token-auth-file": str(self._credentials.token_file),
            "service-account-issuer": "https://local.runbook-gate.invalid/",
            "service-account-key-file": str(self._credentials.key_file),
            "service-account-signing-key-file": str(self._credentials.key_file),
            "allow-privileged": "true",
            "admission-control-config-file": str(write_document(self._folder / "admission.json", admission(exempt))),
            "enable-admission-plugins": ",".join(options.enable_admission_plugins),
            "disable-admission-plugins": ",".join(disabled),
        }

    def _audit_settings(self, options: ApiServerOptions) -> dict[str, str]:
        if not options.audit:
            return {}
        return {
            "audit-policy-file": str(write_document(self._folder / "audit-policy.json", AUDIT_POLICY)),
            "audit-log-path": str(self.audit_log),
            "audit-log-mode": "blocking",
            "audit-log-maxsize": str(options.audit_max_size),
        }

    def is_ready(self) -> bool:
        """Whether the server is ready and has made kube-system, the namespace whose uid names the cluster."""
        context = ssl.create_default_context(cafile=self.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        try:
            for path in ("/readyz", "/api/v1/namespaces/kube-system"):
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.HTTPStatus.OK:
                    return False
        except http.client.HTTPException:
            return False
        finally:
            connection.close()
        return True

    def stop(self) -> None:
        """Stops the server; its port and its files stay its own."""
        self.process.stop(grace_s=3)

    def start_again(self) -> None:
        """Starts the stopped server on the same port, with the same certificate and tokens."""
        self.process.start(self.is_ready)

    def kubeconfig(self, user: str = "admin") -> Path:
        """Writes a kubeconfig for one of `admin`, `executor`, `plain`, `other-controller`."""
        return write_kubeconfig(
            self._folder / f"{user}.kubeconfig",
            url=self.url,
            ca_file=self.ca_file,
            user=USERS[user][0],
            token=self._credentials.tokens[user],
        )
