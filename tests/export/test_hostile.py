"""An archive that no export is does not get as far as being looked at, and nothing of it reaches the disk."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.export.archives import Member, of_files, plain, special, write
from tests.export.conftest import Export, files_of

from runbook_gate.export import layout

EVIDENCE = "evidence/" + "0" * 64


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([plain("../outside", b"x")], "a name that no export has"),
        ([plain("/etc/outside", b"x")], "a name that no export has"),
        ([plain("evidence/../../outside", b"x")], "a name that no export has"),
        ([plain("entries/000001.json/../../x", b"x")], "a name that no export has"),
        ([plain("evidence/" + "0" * 64 + "\n", b"x")], "a name that no export has"),
        ([plain("README", b"x")], "a name that no export has"),
        ([special(EVIDENCE, tarfile.SYMTYPE, "/etc/passwd")], "something else than plain files"),
        ([special(EVIDENCE, tarfile.LNKTYPE, "SHA256SUMS")], "something else than plain files"),
        ([special("evidence", tarfile.DIRTYPE)], "something else than plain files"),
        ([special(EVIDENCE, tarfile.FIFOTYPE)], "something else than plain files"),
        ([special(EVIDENCE, tarfile.CHRTYPE)], "something else than plain files"),
        ([plain(EVIDENCE, b"one"), plain(EVIDENCE, b"two")], "a name twice"),
        ([plain(EVIDENCE, bytes(layout.LARGEST_FILE + 1))], "a file in it is too large"),
        ([plain(layout.SUMS, bytes(2 * layout.LARGEST_FILE))], "larger than any export of its packed size"),
    ],
)
def test_what_no_export_has(call: Call, tmp_path: Path, members: list[Member], why: str) -> None:
    before = sorted(tmp_path.parent.rglob("*outside*"))
    refused = call("evidence", "verify", write(tmp_path / "x.tar.gz", members))
    assert (refused.status, refused.out) == (2, "")
    assert why in refused.err
    assert sorted(tmp_path.parent.rglob("*outside*")) == before == []
    replayed = call("replay", "--archive", "x.tar.gz")
    assert (replayed.status, why in replayed.err) == (2, True)


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_extended_headers(call: Call, tmp_path: Path, format: int) -> None:  # noqa: A002
    """Their content is not even read: it may be as large as it likes."""
    file = write(tmp_path / "x.tar.gz", [plain("evidence/" + "0" * 200, b"x")], format=format)
    assert "something else than plain files" in call("evidence", "verify", file).err


def test_a_bomb(call: Call, tmp_path: Path) -> None:
    names = (f"evidence/{number:064x}" for number in range(8))
    file = write(tmp_path / "x.tar.gz", [plain(name, bytes(8 * 1024 * 1024)) for name in names])
    assert file.stat().st_size < 200_000
    assert "larger than any export of its packed size" in call("evidence", "verify", file).err


@pytest.mark.parametrize("after", [b"\1", b"\0" * 20_000 + b"\1", b"\0" * 40_000_000])
def test_something_after_the_end(call: Call, tmp_path: Path, after: bytes) -> None:
    assert "it goes on after its end" in call("evidence", "verify", write(tmp_path / "x.tar.gz", [], after=after)).err


def _cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def _broken_header(raw: bytes) -> bytes:
    return gzip.compress(b"\1" + gzip.decompress(raw)[1:])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_cut, "not all of it"),
        (_broken_header, "a header in it is broken"),
        (gzip.decompress, "it is no gzipped tar"),
        (lambda raw: b"", "it is no gzipped tar"),
    ],
)
def test_what_is_no_whole_archive(
    call: Call, export: Export, tmp_path: Path, spoil: Callable[[bytes], bytes], why: str
) -> None:
    file = export("task-waived-0")
    file.write_bytes(spoil(file.read_bytes()))
    refused = call("evidence", "verify", file)
    assert (refused.status, why in refused.err) == (2, True), refused.err


def test_no_file_at_all(call: Call) -> None:
    refused = call("evidence", "verify", "nothing.tar.gz")
    assert (refused.status, "No such file" in refused.err) == (2, True)


@pytest.mark.parametrize("runs", [[5], [{"run": {"a": 1}}], [{"run": "a"}, {"run": "a"}]])
def test_a_statement_that_does_not_name_each_run_once(
    call: Call, export: Export, tmp_path: Path, runs: list[object]
) -> None:
    files = files_of(export("task-waived-0"))
    statement = json.loads(files[layout.PLAIN])
    statement["predicate"]["runs"] = runs
    file = of_files(tmp_path / "x.tar.gz", {**files, layout.PLAIN: json.dumps(statement).encode()})
    assert call("replay", "--archive", file).status == 2
    told = call("evidence", "verify", file)
    assert (told.status, "does not name each run once" in told.out) == (13, True)


def without(files: dict[str, bytes], names: Iterable[str]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name not in names}


def test_an_archive_without_a_statement(call: Call, export: Export, tmp_path: Path) -> None:
    file = of_files(tmp_path / "x.tar.gz", without(files_of(export("task-waived-0")), [layout.PLAIN]))
    assert call("replay", "--archive", file).status == 2
    told = call("evidence", "verify", file)
    assert (told.status, "not exactly one of" in told.out) == (13, True)
