"""The signature of a bundle, as OPA checks it: which key must have made it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from runbook_gate.canonical import sha256_hex
from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import run_opa


@dataclass(frozen=True)
class Verification:
    """What a bundle's signature is checked with.

    Attributes:
        key: public key, a PEM file; an absolute path.
        algorithm: as OPA names it, such as `ES256`.
    """

    key: Path
    algorithm: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """What OPA is told."""
        return ("--verification-key", str(self.key), "--signing-alg", self.algorithm)

    def key_id(self) -> str:
        """SHA-256 of the public key in DER, as `openssl pkey -pubin -outform DER | sha256sum` gives it.

        Raises:
            InvalidDocument: there is no public key in the file.
        """
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow to import
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

        try:
            key = serialization.load_pem_public_key(self.key.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm):
            raise InvalidDocument(
                f"opa.verification_key {self.key}: not a public key in a PEM file that can be read.",
                advice="Name the public half of the key that signs bundles.",
            ) from None
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return sha256_hex(der)


def check_signature(bundle: Bundle, verification: Verification, *, opa: Path) -> None:
    """Refuse a bundle that this key did not sign, or whose files are not those that were signed.

    Raises:
        InvalidDocument: it is not signed, by another key, or altered since; or the key cannot be used.
        EnvironmentFault: opa cannot be run.
    """
    key_id = verification.key_id()
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as folder:
        path = Path(folder) / "bundle.tar.gz"
        path.write_bytes(bundle.raw)
        # OPA verifies what it serves or builds from; `opa check` looks at no signature.
        arguments = ["build", "-b", path.name, *verification.arguments, "-o", "verified.tar.gz"]
        try:
            run_opa(arguments, opa=opa, cwd=path.parent, source="bundle")
        except InvalidDocument as fault:
            raise InvalidDocument(
                f"The bundle is not as key {key_id[:16]} signed it: {_reason(fault)}.",
                advice="Sign it with `runbook-gate policy build --signing-key`, or set opa.verification_key.",
            ) from None


def _reason(fault: InvalidDocument) -> str:
    """The last part of OPA's message, such as `invalid ECDSA signature`; the whole holds no value of the bundle."""
    return str(fault).rstrip().rpartition(": ")[2]
