"""The policy that decides: the configured bundle, the sidecar that serves it, and what a run is pinned to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from runbook_gate import resources
from runbook_gate.binaries import find_tool
from runbook_gate.canonical import sha256_hex
from runbook_gate.configuration import Settings
from runbook_gate.errors import EnvironmentFault, SidecarFault, UsageFault
from runbook_gate.gate.build import check_capabilities
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.client import Address, OpaGate
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.gate.signature import Verification, check_signature
from runbook_gate.models.runbook import Pins


@dataclass(frozen=True)
class Serving:
    """A sidecar that answers.

    Attributes:
        gate: asks it.
        started: the sidecar that the executor started; None for one that runs beside it.
        signer: key id of the key that signed the bundle; None if no key is configured.
        platform: what the started binary says of its platform, such as `linux/amd64`.
    """

    gate: OpaGate
    started: Sidecar | None = None
    signer: str | None = None
    platform: str | None = None

    def measured(self, pins: Pins) -> Pins:
        """The pins of a run, with what is known of the OPA that answers now."""
        known = {
            "opa_platform": self.platform,
            "opa_sha256": self.started.binary_sha256 if self.started else None,
            "opa_basis": "measured" if self.started else "claimed",
        }
        return pins.model_copy(update=known)

    def pins(self, bundle: Bundle, *, served: bool = False) -> Pins:
        """What a run is pinned to: this bundle, and the OPA that answers now.

        Args:
            bundle: the bundle.
            served: whether OPA must serve it; else the first answer that may not be acted on says that it does not.

        Raises:
            SidecarFault: if nothing answers, or something that serves another bundle.
        """
        version, revision = self.gate.revision()
        if served and revision != bundle.content_sha256:
            raise another_bundle()
        return Pins(
            content_sha256=bundle.content_sha256,
            bundle_sha256=bundle.bundle_sha256,
            capabilities_sha256=sha256_hex(resources.capabilities().read_bytes()),
            signer_key_id=self.signer,
            opa_version=version,
            opa_platform=self.platform,
            opa_sha256=self.started.binary_sha256 if self.started else None,
            opa_basis="measured" if self.started else "claimed",
        )


def another_bundle() -> SidecarFault:
    """The sidecar beside the executor has another bundle."""
    return SidecarFault(
        "The sidecar serves another bundle than the configured one.",
        advice="Give both the same file; a sidecar that runs beside the executor reads it when it starts.",
    )


def read_bundle(settings: Settings) -> Bundle:
    """The configured bundle, checked against the allow-list of built-ins where an opa binary is at hand.

    Where a verification key is configured, an opa binary must be at hand, and the bundle be signed with that key.

    Raises:
        UsageFault: none is configured, or it is refused.
        EnvironmentFault: there is no opa binary to check the signature or the built-ins with.
    """
    if settings.bundle is None:
        raise UsageFault(
            "No policy bundle is given.",
            advice="Build one with `runbook-gate policy build --out bundle.tar.gz` and name it with --bundle.",
        )
    bundle = read_signed(settings, settings.bundle)
    if starts_sidecar(settings):
        check_capabilities(bundle, opa=opa_binary(settings))
    elif (opa := _opa_at_hand(settings)) is not None:
        check_capabilities(bundle, opa=opa)
    return bundle


def read_signed(settings: Settings, path: Path) -> Bundle:
    """A bundle, signed with the configured key where there is one.

    Raises:
        InvalidDocument: it is no bundle, or not signed so.
        EnvironmentFault: there is no opa binary to check the signature with.
    """
    bundle = Bundle.read(path)
    if (verification := verification_of(settings)) is not None:
        check_signature(bundle, verification, opa=opa_binary(settings))
    return bundle


def opa_binary(settings: Settings) -> Path:
    """The opa to start."""
    return settings.opa.binary or find_tool("opa")


@contextmanager
def serving(settings: Settings, bundle: Bundle) -> Iterator[Serving]:
    """A sidecar with this bundle: the one that runs beside the executor, or one started for the block."""
    with ExitStack() as stack:
        started, address, verification = None, beside(settings), verification_of(settings)
        if starts_sidecar(settings):
            started = stack.enter_context(Sidecar(opa_binary(settings), bundle, verification=verification))
            address = started.address
        gate = OpaGate(address, timeout_s=settings.opa.timeout_s)
        stack.callback(gate.close)
        signer = verification.key_id() if verification else None
        yield Serving(gate, started, signer, platform_of(opa_binary(settings)) if started else None)


def verification_of(settings: Settings) -> Verification | None:
    """With what the bundle's signature is checked; None if it need not have one."""
    key = settings.opa.verification_key
    return Verification(key.absolute(), settings.opa.signing_alg) if key is not None else None


def starts_sidecar(settings: Settings) -> bool:
    """Whether the executor starts the sidecar itself."""
    return settings.opa.socket is None and settings.opa.url is None


def _opa_at_hand(settings: Settings) -> Path | None:
    with suppress(EnvironmentFault):
        return opa_binary(settings)
    return None


def platform_of(opa: Path) -> str | None:
    """What `opa version` says of its platform; None if it does not say."""
    try:
        told = subprocess.run(
            [str(opa), "version"],
            env={},
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    stated = [line.partition(":")[2].strip() for line in told.stdout.splitlines() if line.startswith("Platform:")]
    return stated[0] if stated else None


def beside(settings: Settings) -> Address:
    """Where the sidecar is that runs beside the executor."""
    socket = settings.opa.socket
    return Address(socket=str(socket) if socket is not None else None, url=settings.opa.url)
