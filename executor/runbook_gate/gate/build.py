"""Builds a bundle from a policies/ folder, reproducibly, and checks one against the allow-list of built-ins."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from runbook_gate import resources
from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.command import BUNDLE, run_opa, run_opa_on

# What OPA knows of RFC 7518; those with a secret in place of a key are left out.
ALGORITHMS: Final = ("ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")


@dataclass(frozen=True)
class Signing:
    """With what a bundle is signed; the signature changes the file and not the content digest.

    Attributes:
        key: private key, a PEM file.
        algorithm: as OPA names it, such as `RS256`.
    """

    key: Path
    algorithm: str = "RS256"


def build(policies: Path, *, opa: Path, signing: Signing | None = None) -> Bundle:
    """Build a bundle whose revision is its content digest.

    Built from the fixed relative path `policies`, because another path gives another digest.

    Args:
        policies: a folder named `policies` with a .manifest and capabilities.json.
        opa: the opa binary.
        signing: None for an unsigned bundle.

    Returns:
        The bundle; the same bytes for the same folder and binary.

    Raises:
        InvalidDocument: with OPA's own words, if the policies do not compile.
        UsageFault: they cannot be signed with this key and algorithm.
        EnvironmentFault: opa cannot be run.
    """
    if not policies.is_dir():
        raise InvalidDocument(f"{policies}: there is no such folder.")
    if policies.name != "policies":
        raise InvalidDocument(f"{policies}: the folder must be named `policies`, or the digest changes.")
    content = _build(policies, [], opa=opa, revision="").content_sha256
    if signing is None:
        return _build(policies, [], opa=opa, revision=content)
    signed = ["--signing-key", str(signing.key.absolute()), "--signing-alg", signing.algorithm]
    try:
        return _build(policies, signed, opa=opa, revision=content)
    except InvalidDocument as fault:  # the same policies were just built, so it is the key
        raise UsageFault(
            f"--signing-key {signing.key}: opa does not sign with it and {signing.algorithm}.",
            advice="Name a private key as PEM, and the algorithm that is for it: RS256 for RSA, ES256 for P-256.",
        ) from fault


def check_capabilities(bundle: Bundle, *, opa: Path) -> None:
    """Refuse a bundle that uses a built-in outside capabilities.json; `opa run` itself would serve it.

    Raises:
        InvalidDocument: with OPA's own words.
        EnvironmentFault: opa cannot be run.
    """
    _check(bundle.raw, opa)


@lru_cache(maxsize=4)  # a worker asks before every run; what was refused is asked again
def _check(raw: bytes, opa: Path) -> None:
    run_opa_on(raw, ["check", "-b", "--capabilities", str(resources.capabilities()), BUNDLE], opa=opa)


def _build(policies: Path, signed: list[str], *, opa: Path, revision: str) -> Bundle:
    with tempfile.TemporaryDirectory(prefix="runbook-gate-") as folder:
        out = Path(folder) / "bundle.tar.gz"
        arguments = ["build", "-b", "policies", "-O0", "-o", str(out), "-r", revision]
        arguments += ["--capabilities", "policies/capabilities.json", *signed]
        run_opa(arguments, opa=opa, cwd=policies.parent, source=str(policies))
        return Bundle.parse(out.read_bytes(), source=str(policies))
