"""The signature of a bundle, as OPA checks it: which key must have made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runbook_gate.dsse.keys import key_id
from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import BUNDLE, run_opa_on


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
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

        try:
            key = load_pem_public_key(self.key.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm):
            raise InvalidDocument(
                f"opa.verification_key {self.key}: not a public key in a PEM file that can be read.",
                advice="Name the public half of the key that signs bundles.",
            ) from None
        return key_id(key)


def check_signature(bundle: Bundle, verification: Verification, *, opa: Path) -> None:
    """Refuse a bundle that this key did not sign, or whose files are not those that were signed.

    Raises:
        InvalidDocument: it is not signed, by another key, or altered since; or the key cannot be used.
        EnvironmentFault: opa cannot be run.
    """
    signer = verification.key_id()
    # OPA verifies what it serves or builds from; `opa check` looks at no signature.
    arguments = ["build", "-b", BUNDLE, *verification.arguments, "-o", "verified.tar.gz"]
    try:
        run_opa_on(bundle.raw, arguments, opa=opa)
    except InvalidDocument as fault:
        raise InvalidDocument(
            f"The bundle is not as key {signer[:16]} signed it: {_reason(fault)}.",
            advice="Sign it with `runbook-gate policy build --signing-key`, or set opa.verification_key.",
        ) from None


def _reason(fault: InvalidDocument) -> str:
    """The last part of OPA's message, such as `invalid ECDSA signature`; the whole holds no value of the bundle."""
    return str(fault).rstrip().rpartition(": ")[2]
