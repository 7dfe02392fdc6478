"""What is no bundle is refused in one sentence, whoever made it."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate.archives import MANIFEST, bundle_of, member, packed

from runbook_gate.errors import InvalidDocument
from runbook_gate.gate.bundle import Bundle

GOOD = bundle_of({"gate/gate.rego": b"package gate\n", "data.json": b'{"runbooks": {}}'})
REGO = member("gate/gate.rego", b"package gate\n")


def sparse() -> bytes:
    """A member that says it is 1 TiB of holes."""
    info, _ = member("gate/gate.rego", b"")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,0",
        "GNU.sparse.size": str(2**40),
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info)
    return gzip.compress(plain.getvalue())


NO_TAR = "it is no gzipped tar"
REFUSED: dict[str, tuple[str, bytes]] = {
    "nothing": (NO_TAR, b""),
    "text": (NO_TAR, b"package gate\n"),
    "a tar that is not gzipped": (NO_TAR, gzip.decompress(GOOD)),
    "gzipped text": (NO_TAR, gzip.compress(b"package gate\n")),
    "truncated": (NO_TAR, GOOD[:-30]),
    "damaged": (NO_TAR, GOOD[:40] + b"\x00\xff" + GOOD[42:]),
    "something behind it": (NO_TAR, GOOD + b"more"),
    "compressed once more": (NO_TAR, gzip.compress(lzma.compress(gzip.decompress(GOOD)))),
    "a bomb": ("more than 16 MiB are not read", gzip.compress(b"\0" * (64 * 1024 * 1024))),
    "a file that is too large": (
        "more than 16 MiB are not read",
        packed([member("data.json", b" " * (16 * 1024 * 1024))]),
    ),
    "a file of holes": ("something else than files and folders", sparse()),
    "a symbolic link": (
        "something else than files and folders",
        packed([REGO, member("data.json", kind=tarfile.SYMTYPE, link="/etc/passwd")]),
    ),
    "a hard link": (
        "something else than files and folders",
        packed([REGO, member("data.json", kind=tarfile.LNKTYPE, link="gate/gate.rego")]),
    ),
    "a device": ("something else than files and folders", packed([member("zero", kind=tarfile.CHRTYPE)])),
    "a pipe": ("something else than files and folders", packed([member("pipe", kind=tarfile.FIFOTYPE)])),
    "a path upwards": ("leads out of it", packed([member("gate/../../x.rego", b"")])),
    "a path with an upward end": ("leads out of it", packed([member("/..", b"")])),
    "a path of two lines": ("cannot be printed", packed([member("a\n" + "0" * 64 + "  b", b"")])),
    "a path that is not UTF-8": ("cannot be printed", packed([member("a\udcafb", b"")])),
    "a path twice": ("a path twice", packed([REGO, REGO])),
    "a path twice, spelt differently": ("a path twice", packed([REGO, member("/./gate//gate.rego", b"")])),
    "a manifest that is no JSON": (".manifest is not a JSON object", bundle_of({}, b"{")),
    "a manifest that is a list": (".manifest is not a JSON object", bundle_of({}, b"[]")),
    "a manifest that is not UTF-8": (".manifest is not a JSON object", bundle_of({}, b'{"a": "\xff"}')),
    "data that is a list": ("data.json is not a JSON object", bundle_of({"data.json": b"[]"})),
    "data that is nested too deeply": ("data.json is not a JSON object", bundle_of({"data.json": b"[" * 100_000})),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_bundle_is_refused(case: str) -> None:
    problem, raw = REFUSED[case]
    with pytest.raises(InvalidDocument, match=problem) as raised:
        Bundle.parse(raw, source="--bundle b.tar.gz")
    assert str(raised.value).startswith("--bundle b.tar.gz: ")
    assert "policy build" in raised.value.advice


def test_folders_and_odd_names_are_read() -> None:
    members = [
        member("gate", kind=tarfile.DIRTYPE),
        member("./gate/..gate.rego", b"1"),
        member("//.manifest", MANIFEST),
        member(".../x", b"2"),
        member("manifest", b"3"),
    ]
    found = Bundle.parse(packed(members), source="x")
    assert dict(found.files) == {"gate/..gate.rego": b"1", ".manifest": MANIFEST, ".../x": b"2", "manifest": b"3"}
    assert (found.revision, dict(found.data)) == ("r", {})


@pytest.mark.parametrize("manifest", [b"{}", b'{"revision": ""}', b'{"revision": 1}', b'{"revision": null}'])
def test_a_bundle_without_a_revision_states_none(manifest: bytes) -> None:
    assert Bundle.parse(bundle_of({}, manifest), source="x").revision is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"--bundle .*none\.tar\.gz: No such file or directory"):
        Bundle.read(tmp_path / "none.tar.gz")
    with pytest.raises(InvalidDocument, match="Is a directory"):
        Bundle.read(tmp_path)


def readable(raw: bytes) -> None:
    try:
        found = Bundle.parse(raw, source="x")
    except InvalidDocument:
        return
    assert len(found.content_sha256) == 64


@given(st.binary())
def test_arbitrary_bytes(raw: bytes) -> None:
    readable(raw)
    readable(gzip.compress(raw))


@given(st.integers(0, 3 * 512), st.binary(min_size=1, max_size=16))
def test_a_good_bundle_with_some_bytes_replaced(at: int, bytes_: bytes) -> None:
    readable(GOOD[:at] + bytes_ + GOOD[at + len(bytes_) :])
    plain = gzip.decompress(GOOD)
    readable(gzip.compress(plain[:at] + bytes_ + plain[at + len(bytes_) :]))
