"""A bundle is identified by its content: by every byte of it, and by nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tests.gate.archives import bundle_of

from runbook_gate.errors import EnvironmentFault, InvalidDocument
from runbook_gate.gate.build import build, check_capabilities
from runbook_gate.gate.bundle import Bundle

FILES = {"gate/gate.rego": b"package gate\n", "data.json": b"{}"}


def digest(files: dict[str, bytes], **manifest: object) -> str:
    stated = json.dumps({"revision": "r", "roots": ["gate"], **manifest}).encode()
    return Bundle.parse(bundle_of(files, stated), source="x").content_sha256


def test_building_twice_gives_the_same_bytes(bundle: Bundle, own_policies: Path, opa_binary: Path) -> None:
    again = build(own_policies, opa=opa_binary)
    assert again.raw == bundle.raw
    assert again.bundle_sha256 == bundle.bundle_sha256 == hashlib.sha256(bundle.raw).hexdigest()


def test_the_revision_is_the_content_digest(bundle: Bundle) -> None:
    assert bundle.revision == bundle.content_sha256
    assert len(bundle.content_sha256) == 64


def test_the_content_digest_is_what_sha256sum_and_sort_give(bundle: Bundle) -> None:
    hashed = {name: content for name, content in bundle.files.items() if name != ".manifest"}
    lines = sorted(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode() for name, content in hashed.items())
    assert bundle.content_sha256 == hashlib.sha256(b"".join(lines)).hexdigest()


def test_files_have_the_names_that_opa_gave_them(bundle: Bundle) -> None:
    names = {".manifest", "data.json", "policies/gate/gate.rego", "policies/system/authz/authz.rego"}
    assert set(bundle.files) == names
    assert set(bundle.data) == {"parties", "runbooks"}


def test_a_byte_of_a_policy_is_another_bundle(bundle: Bundle, own_policies: Path, opa_binary: Path) -> None:
    rego = own_policies / "gate" / "gate.rego"
    rego.write_bytes(rego.read_bytes().replace(b"Echo-v1", b"Echo-v2"))
    other = build(own_policies, opa=opa_binary)
    assert other.content_sha256 != bundle.content_sha256
    assert other.revision == other.content_sha256


def test_a_value_of_the_data_is_another_bundle(bundle: Bundle, own_policies: Path, opa_binary: Path) -> None:
    data = own_policies / "parties" / "data.yaml"
    data.write_text(data.read_text(encoding="utf-8").replace("mks", "mkt"), encoding="utf-8")
    assert build(own_policies, opa=opa_binary).content_sha256 != bundle.content_sha256


def test_manifest_and_signatures_are_not_content() -> None:
    plain = digest(FILES)
    assert digest(FILES, metadata={"commit": "abc"}, revision="s") == plain
    assert digest({**FILES, ".signatures.json": b'{"signatures": []}'}) == plain
    assert digest({**FILES, "gate/.manifest": b"{}"}) != plain
    assert digest({"policies/gate/gate.rego": FILES["gate/gate.rego"], "data.json": b"{}"}) != plain


def test_the_order_of_the_files_is_not_content() -> None:
    assert digest(dict(reversed(FILES.items()))) == digest(FILES)


def test_a_bundle_that_a_sidecar_can_serve_states_its_content(bundle: Bundle, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz"
    good.write_bytes(bundle.raw)
    bad.write_bytes(bundle_of(FILES))
    assert Bundle.read(good) == bundle
    with pytest.raises(InvalidDocument, match="its revision is not its content digest"):
        Bundle.read(bad)


def test_policies_that_do_not_compile_are_refused_in_opas_words(own_policies: Path, opa_binary: Path) -> None:
    (own_policies / "gate" / "gate.rego").write_text("package gate\n\nallow := missing\n", encoding="utf-8")
    with pytest.raises(InvalidDocument, match="opa build refused it") as raised:
        build(own_policies, opa=opa_binary)
    assert "var missing is unsafe" in str(raised.value)
    assert str(own_policies) in str(raised.value)


def test_the_folder_has_its_fixed_name(own_policies: Path, opa_binary: Path) -> None:
    moved = own_policies.rename(own_policies.with_name("rules"))
    with pytest.raises(InvalidDocument, match="must be named `policies`"):
        build(moved, opa=opa_binary)
    with pytest.raises(InvalidDocument, match="there is no such folder"):
        build(own_policies, opa=opa_binary)


def test_the_environment_has_no_part_in_it(
    bundle: Bundle, own_policies: Path, opa_binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_policies.parent)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert build(Path("policies"), opa=opa_binary).raw == bundle.raw


HTTP = 'package gate\n\ndecision := http.send({"method": "get", "url": "http://127.0.0.1:1"})\n'
NOW = "package gate\n\ndecision := time.now_ns()\n"


@pytest.mark.parametrize(("rego", "builtin"), [(HTTP, "http.send"), (NOW, "time.now_ns")])
def test_a_bundle_with_a_builtin_outside_the_list_is_refused(
    own_policies: Path, opa_binary: Path, rego: str, builtin: str
) -> None:
    (own_policies / "gate" / "gate.rego").write_text(rego, encoding="utf-8")
    made = build(own_policies, opa=opa_binary)  # this folder allows every built-in
    with pytest.raises(InvalidDocument, match=f"undefined function {builtin}"):
        check_capabilities(made, opa=opa_binary)


def test_the_shipped_list_allows_what_the_tiny_policies_use(bundle: Bundle, opa_binary: Path) -> None:
    check_capabilities(bundle, opa=opa_binary)


def test_without_opa_nothing_is_built_or_checked(bundle: Bundle, own_policies: Path, tmp_path: Path) -> None:
    for missing in (tmp_path / "opa", Path(shutil.which("true") or "/bin/true").with_name("no-such-opa")):
        with pytest.raises(EnvironmentFault, match="could not be run: FileNotFoundError"):
            build(own_policies, opa=missing)
        with pytest.raises(EnvironmentFault, match="could not be run: FileNotFoundError"):
            check_capabilities(bundle, opa=missing)
