"""A verification key is configured: only a bundle that this key signed is read, served and recorded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.gate.archives import bundle_of

from runbook_gate import resources
from runbook_gate.canonical import sha256_hex
from runbook_gate.configuration import Opa, Settings
from runbook_gate.errors import EnvironmentFault, InvalidDocument, SidecarFault
from runbook_gate.gate.build import Signing, build
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.gate.signature import Verification
from runbook_gate.serving import read_bundle, serving


class Keys:
    """A key pair in two files."""

    def __init__(self, folder: Path, name: str) -> None:
        self._pair = ec.generate_private_key(ec.SECP256R1())
        self.private, self.public = folder / f"{name}.key", folder / f"{name}.pem"
        self.private.write_bytes(self._pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.public.write_bytes(self._pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    @property
    def digest(self) -> str:
        return sha256_hex(self._pair.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.fixture
def release(tmp_path: Path) -> Keys:
    return Keys(tmp_path, "release")


@pytest.fixture
def signed(release: Keys, opa_binary: Path) -> Bundle:
    return build(resources.policies(), opa=opa_binary, signing=Signing(release.private, "ES256"))


@pytest.fixture
def settings(tmp_path: Path, release: Keys, signed: Bundle, opa_binary: Path) -> Settings:
    (tmp_path / "bundle.tar.gz").write_bytes(signed.raw)
    opa = Opa(binary=opa_binary, verification_key=release.public, signing_alg="ES256")
    return Settings(bundle=tmp_path / "bundle.tar.gz", opa=opa)


def with_opa(settings: Settings, **opa: object) -> Settings:
    return settings.model_copy(update={"opa": settings.opa.model_copy(update=opa)})


def test_the_signer_is_pinned(settings: Settings, release: Keys) -> None:
    bundle = read_bundle(settings)
    with serving(settings, bundle) as served:
        pins = served.pins(bundle)
    assert pins.signer_key_id == release.digest
    assert pins.opa_basis == "measured"


def test_without_a_key_nobody_is(settings: Settings) -> None:
    plain = with_opa(settings, verification_key=None)
    bundle = read_bundle(plain)
    with serving(plain, bundle) as served:
        assert served.pins(bundle).signer_key_id is None


def unsigned(settings: Settings, folder: Path) -> Settings:
    assert settings.bundle
    settings.bundle.write_bytes(build(resources.policies(), opa=settings.opa.binary or Path()).raw)
    return settings


def altered(settings: Settings, folder: Path) -> Settings:
    """Other files, with the signature of those that were signed."""
    assert settings.bundle
    policies = folder / "policies"
    shutil.copytree(resources.policies(), policies)
    parties = policies / "parties" / "data.yaml"
    parties.write_text(parties.read_text().replace("submitters: [", "submitters: [another, "))
    other, original = build(policies, opa=settings.opa.binary or Path()), Bundle.read(settings.bundle)
    mixed = {**other.files, ".signatures.json": original.files[".signatures.json"]}
    settings.bundle.write_bytes(bundle_of(mixed, mixed[".manifest"]))
    return settings


def other_key(settings: Settings, folder: Path) -> Settings:
    return with_opa(settings, verification_key=Keys(folder, "other").public)


def other_algorithm(settings: Settings, folder: Path) -> Settings:
    return with_opa(settings, signing_alg="ES384")


REFUSED: dict[str, tuple[Callable[[Settings, Path], Settings], str]] = {
    "an unsigned bundle": (unsigned, "bundle missing .signatures.json file"),
    "another key's": (other_key, "invalid ECDSA signature"),
    "files that were not signed": (altered, "The bundle is not as key"),
    "another algorithm": (other_algorithm, "The bundle is not as key"),
}


@pytest.mark.parametrize("told", REFUSED)
def test_it_is_refused_before_it_decides_anything(settings: Settings, tmp_path: Path, told: str) -> None:
    change, reason = REFUSED[told]
    with pytest.raises(InvalidDocument, match=reason) as refused:
        read_bundle(change(settings, tmp_path))
    assert "--signing-key" in refused.value.advice
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("change", [unsigned, other_key])
def test_a_sidecar_that_the_executor_starts_refuses_it_too(
    settings: Settings, tmp_path: Path, opa_binary: Path, change: Callable[[Settings, Path], Settings]
) -> None:
    changed = change(settings, tmp_path)
    assert changed.bundle
    assert changed.opa.verification_key
    verification = Verification(changed.opa.verification_key, "ES256")
    with pytest.raises(SidecarFault):
        Sidecar(opa_binary, Bundle.read(changed.bundle), verification=verification)


def test_a_key_that_is_none_is_told_without_what_stands_in_it(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "odd.pem").write_text("hunter2", encoding="utf-8")
    for odd in ("odd.pem", "nowhere.pem"):
        with pytest.raises(InvalidDocument, match=f"{odd}: not a public key") as refused:
            read_bundle(with_opa(settings, verification_key=tmp_path / odd))
        assert "hunter2" not in str(refused.value)


def test_without_an_opa_to_check_it_a_signature_is_not_believed(settings: Settings, tmp_path: Path) -> None:
    beside = with_opa(settings, socket=tmp_path / "opa.sock", binary=tmp_path / "nowhere")
    with pytest.raises(EnvironmentFault):
        read_bundle(beside)
