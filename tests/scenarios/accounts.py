"""A real ServiceAccount with the executor's rights, and short-lived tokens of it, as they are mounted into a pod."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from kubernetes import client
from tests.promise.audit import events_of
from tests.scenarios.theatre import Theatre

from runbook_gate.configuration import Cluster

NAME = "runbook-gate"
_JTI = "authentication.kubernetes.io/credential-id"


@dataclass
class Account:
    """The account, and the token file that the theatre's runs use.

    Attributes:
        theatre: whose runs have this identity from now on.
        tokens: every token that was mounted, by its id.
    """

    theatre: Theatre
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        core, namespace = self.theatre.seeder.core, self.theatre.namespace
        core.create_namespaced_service_account(namespace, {"metadata": {"name": NAME}})
        self.theatre.identity = f"system:serviceaccount:{namespace}:{NAME}"
        for create, change in self._bindings():
            create(change)
        self.rotate()
        self._await_rights()
        self.theatre.settings = self.theatre.settings.model_copy(
            update={"cluster": Cluster(kubeconfig=self._kubeconfig())}
        )

    @property
    def token_file(self) -> Path:
        """The mounted token."""
        return self.theatre.folder / "token"

    def rotate(self) -> str:
        """Mount a new token, which is good for as long as the Secret that it is bound to.

        Returns:
            Its id, which the audit log names too.
        """
        core, namespace = self.theatre.seeder.core, self.theatre.namespace
        secret = core.create_namespaced_secret(namespace, {"metadata": {"generateName": "bound-"}}).metadata
        bound = {"apiVersion": "v1", "kind": "Secret", "name": secret.name, "uid": secret.uid}
        asked = {"spec": {"expirationSeconds": 600, "boundObjectRef": bound, "audiences": []}}
        token = core.create_namespaced_service_account_token(NAME, namespace, asked).status.token
        self._mount(token)
        self.tokens[claims(token)["jti"]] = token
        return str(claims(token)["jti"])

    def expire(self) -> None:
        """Let the mounted token be one whose time has passed: the same, signed anew with earlier times."""
        token = claims(next(reversed(self.tokens.values())))
        now = int(time.time())
        self._mount(self._signed({**token, "iat": now - 700, "nbf": now - 700, "exp": now - 100}))

    def revoke(self) -> None:
        """Delete what the tokens are bound to, and return when the API server refuses them."""
        core, namespace = self.theatre.seeder.core, self.theatre.namespace
        core.delete_collection_namespaced_secret(namespace)
        deadline = time.monotonic() + 60
        while self._reviewed() != 401:
            assert time.monotonic() < deadline, "the API server still takes the token"
            time.sleep(0.2)

    def lose_rights(self, *kinds: str) -> None:
        """Delete the bindings of these kinds, and return when the API server refuses what they granted."""
        rbac, name = client.RbacAuthorizationV1Api(self.theatre.seeder.api), self._bound
        if "cluster" in kinds:
            rbac.delete_cluster_role_binding(name)
            self._await(False, verb="patch", resource="namespaces", name=self.theatre.namespace)
        if "namespace" in kinds:
            rbac.delete_namespaced_role_binding(name, self.theatre.namespace)
            self._await(False, verb="create", resource="pods")

    # --- how it is made ---

    @property
    def _bound(self) -> str:
        return f"account:{self.theatre.namespace}"

    def _bindings(self) -> list[tuple[Any, dict[str, Any]]]:
        rbac, namespace = client.RbacAuthorizationV1Api(self.theatre.seeder.api), self.theatre.namespace
        subject = {"kind": "ServiceAccount", "name": NAME, "namespace": namespace}

        def binding(kind: str) -> dict[str, Any]:
            role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": f"runbook-gate:{namespace}"}
            return {"metadata": {"name": self._bound}, "roleRef": role, "subjects": [subject]}

        return [
            (rbac.create_cluster_role_binding, binding("ClusterRole")),
            (lambda body: rbac.create_namespaced_role_binding(namespace, body), binding("Role")),
        ]

    def _kubeconfig(self) -> Path:
        document = json.loads(self.theatre.cluster.server.kubeconfig("executor").read_text(encoding="utf-8"))
        document["users"][0]["user"] = {"tokenFile": str(self.token_file)}
        path = self.theatre.folder / "account.kubeconfig"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def _mount(self, token: str) -> None:
        """As the kubelet does: the file is another one from one moment to the next."""
        partial = self.token_file.with_suffix(".partial")
        partial.write_text(token, encoding="ascii")
        partial.replace(self.token_file)

    def _signed(self, stated: Mapping[str, Any]) -> str:
        key = load_pem_private_key((self.theatre.cluster.folder / "sa.key").read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, stated)]
        signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
        return ".".join([*parts, _encoded(signature)])

    def _reviewed(self) -> int:
        access = client.Configuration()
        access.host, access.ssl_ca_cert = self.theatre.cluster.server.url, str(self.theatre.cluster.server.ca_file)
        access.api_key["BearerToken"] = f"Bearer {self.token_file.read_text()}"
        with client.ApiClient(access) as api:
            reviews: Any = client.AuthenticationV1Api(api)
            try:
                reviews.create_self_subject_review({})
            except client.ApiException as refused:
                return int(refused.status)
        return 201

    def _await_rights(self) -> None:
        self._await(True, verb="patch", resource="namespaces", name=self.theatre.namespace)
        self._await(True, verb="create", resource="pods")

    def _await(self, allowed: bool, **right: str) -> None:
        reviews: Any = client.AuthorizationV1Api(self.theatre.seeder.api)
        attributes = {**right, "namespace": self.theatre.namespace if right["resource"] == "pods" else ""}
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{self.theatre.namespace}", "system:authenticated"]
        review = {"spec": {"user": self.theatre.identity, "groups": groups, "resourceAttributes": attributes}}
        deadline = time.monotonic() + 60
        while reviews.create_subject_access_review(review).status.allowed != allowed:
            assert time.monotonic() < deadline, f"RBAC: {right}"
            time.sleep(0.02)


def used(theatre: Theatre) -> list[str]:
    """Ids of the executor's tokens in the order of their first use, as the API server's audit log has them."""
    events = events_of(theatre.cluster.server.audit_log, theatre.namespace)
    own = [event for event in events if event["user"]["username"] == theatre.identity]
    told = [event["user"]["extra"][_JTI][0].removeprefix("JTI=") for event in own]
    return list(dict.fromkeys(told))


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    body = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
