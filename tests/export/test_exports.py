"""An export holds what records.md says, belongs together, and shows whatever was changed in it."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.export.archives import of_files
from tests.export.conftest import Export, Files, files_of, key_pair
from tests.replay.replays import Recording, change, entries

from runbook_gate.canonical import canonical_bytes, sha256_hex
from runbook_gate.export import layout
from runbook_gate.gate.bundle import Bundle

Edit = Callable[[Files], None]


def test_what_an_export_of_one_run_holds(
    call: Call, recorded: Recording, store_file: Path, export: Export, bundle: Bundle
) -> None:
    run = recorded.runs["waived-0"]
    files, chain = files_of(export("task-waived-0")), entries(store_file, run)
    digests = {
        one["body"][side]["body_sha256"] for one in chain if one["kind"] == "decision" for side in ("request", "answer")
    }
    assert set(files) == {
        *(f"entries/{seq:06}.json" for seq in range(1, len(chain) + 1)),
        *(f"evidence/{digest}" for digest in digests),
        f"bundles/{bundle.bundle_sha256}.tar.gz",
        "packet.json",
        "SHA256SUMS",
        "VERIFY.md",
        "statement.json",
    }
    for one in chain:
        assert sha256_hex(files[f"entries/{one['seq']:06}.json"]) == one["sha256"]
    for digest in digests:
        assert sha256_hex(files[f"evidence/{digest}"]) == digest
    packet = call("escalations", "list", "--state", "all", "-o", "json").document["escalations"]
    assert json.loads(files["packet.json"])["id"] in {one["id"] for one in packet}
    statement = json.loads(files["statement.json"])
    assert statement["predicate"]["runs"][0]["head"] == chain[-1]["sha256"]
    assert {one["name"] for one in statement["subject"]} == {
        f"entries/{len(chain):06}.json",
        "packet.json",
        f"bundles/{bundle.bundle_sha256}.tar.gz",
        "SHA256SUMS",
    }


def test_the_same_runs_give_the_same_bytes(export: Export) -> None:
    assert export("task-good-0").read_bytes() == export("task-good-0", to="again.tar.gz").read_bytes()


def test_a_filter_exports_each_run_in_a_folder_of_its_own(
    call: Call, recorded: Recording, export: Export, bundle: Bundle
) -> None:
    files = files_of(export("--outcome", "escalated"))
    stopped = {run for name, run in recorded.runs.items() if not name.startswith("good")}
    assert {name.split("/")[1] for name in files if name.startswith("runs/")} == stopped
    assert [name for name in files if name.startswith("bundles/")] == [f"bundles/{bundle.bundle_sha256}.tar.gz"]
    told = call("evidence", "verify", "export.tar.gz", "-o", "json").document
    assert (told["runs"], told["decisions"], told["result"]) == (4, 8, "chain consistent, not signed")
    assert call("evidence", "export", "--target", "nobody", "--out", "none.tar.gz").status == 2
    assert not Path("none.tar.gz").exists()


def test_it_is_replayed_as_the_ledger_is(call: Call, recorded: Recording, export: Export) -> None:
    file = export()
    ours, theirs = (call("replay", *some, "-o", "json").document for some in ((), ("--archive", file)))
    assert theirs["records"] == f"the export {file}"
    assert (theirs["decisions"], theirs["result"]) == (26, ours["result"])
    assert {**theirs, "records": ""} == {**ours, "records": ""}
    one = call("replay", "task-waived-1", "--archive", file, "--verdict", "escalate", "-o", "json").document
    assert one["decisions"] == 1
    assert call("replay", "no-such-task", "--archive", file).status == 2


def test_it_is_signed_and_says_by_whom(call: Call, export: Export, keys: tuple[Path, Path], tmp_path: Path) -> None:
    file = export("task-waived-0", "--key", keys[0])
    assert call("evidence", "verify", file).out.endswith("chain consistent, signature not checked: give --key\n")
    told = call("evidence", "verify", file, "--key", keys[1], "-o", "json")
    assert told.status == 0
    assert told.document["result"] == f"chain consistent, signed by {told.document['signer']}"
    other = call("evidence", "verify", file, "--key", key_pair(tmp_path, "other")[1])
    assert (other.status, "not signed by key" in other.out) == (13, True)
    unsigned = call("evidence", "verify", export("task-waived-0", to="plain.tar.gz"), "--key", keys[1])
    assert (unsigned.status, "not a DSSE envelope" in unsigned.out) == (13, True)
    assert call("evidence", "verify", file, "--key", keys[0]).status == 2


def listed(files: Files) -> None:
    """Make the list and the statement fit whatever was changed, as whoever may sign anew could."""
    statement = json.loads(files[layout.PLAIN])
    names = [name for name in files if name not in (layout.SUMS, layout.PLAIN)]
    files[layout.SUMS] = "".join(f"{sha256_hex(files[name])}  {name}\n" for name in names).encode()
    for subject in statement["subject"]:
        if subject["name"] in files:
            subject["digest"]["sha256"] = sha256_hex(files[subject["name"]])
    files[layout.PLAIN] = canonical_bytes(statement)


def flip(files: Files, begin: str) -> None:
    name = next(name for name in sorted(files) if name.startswith(begin))
    files[name] = files[name][:-9] + bytes([files[name][-9] ^ 1]) + files[name][-8:]


def drop(files: Files, begin: str) -> None:
    del files[next(name for name in sorted(files) if name.startswith(begin))]


def last_entry(files: Files) -> None:
    del files[max(name for name in files if name.startswith("entries/"))]


def another_state(files: Files) -> None:
    statement = json.loads(files[layout.PLAIN])
    statement["predicate"]["runs"][0]["state"] = "complete"
    files[layout.PLAIN] = canonical_bytes(statement)


def another_packet(files: Files) -> None:
    packet = json.loads(files["packet.json"])
    files["packet.json"] = canonical_bytes({**packet, "run": "another"})


def another_advice(files: Files) -> None:
    packet = json.loads(files["packet.json"])
    packet["condition"][0]["solution"] = "Nothing is to be done."
    files["packet.json"] = canonical_bytes(packet)


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (lambda files: flip(files, "entries/000002"), "chain broken: unlinked at 3"),
        (lambda files: flip(files, "entries/000003"), "chain broken: "),
        (lambda files: flip(files, "evidence/"), "altered"),
        (lambda files: flip(files, "bundles/"), "altered"),
        (lambda files: drop(files, "evidence/"), ": missing"),
        (lambda files: drop(files, "bundles/"), ": missing"),
        (lambda files: drop(files, "packet.json"), "packet.json is missing"),
        (lambda files: drop(files, "entries/000002"), "chain broken: gap at 2"),
        (last_entry, "chain broken: gap at "),
        (another_state, "the statement says something else of it"),
        (another_packet, "packet.json is not what its entries and their evidence give"),
        (another_advice, "packet.json is not what its entries and their evidence give"),
    ],
)
def test_what_was_changed_is_found_though_the_list_fits(
    call: Call, export: Export, tmp_path: Path, edit: Edit, word: str
) -> None:
    files = files_of(export("task-waived-0"))
    edit(files)
    listed(files)
    told = call("evidence", "verify", of_files(tmp_path / "x.tar.gz", files), "-o", "json")
    assert told.status == 13
    assert any(word in wrong for wrong in told.document["wrong"]), told.document["wrong"]


@pytest.mark.parametrize("name", ["entries/000001.json", "packet.json", "SHA256SUMS", "VERIFY.md", "statement.json"])
def test_a_flipped_bit_is_found(call: Call, export: Export, tmp_path: Path, name: str) -> None:
    files = files_of(export("task-waived-0"))
    flip(files, name)
    assert call("evidence", "verify", of_files(tmp_path / "x.tar.gz", files)).status in (2, 13)


def test_a_statement_that_was_changed_after_it_was_signed(
    call: Call, export: Export, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    files = files_of(export("task-waived-0", "--key", keys[0]))
    envelope: dict[str, Any] = json.loads(files[layout.SIGNED])
    payload = base64.b64decode(envelope["payload"]).replace(b'"schema":1', b'"schema":2')
    files[layout.SIGNED] = json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}).encode()
    told = call("evidence", "verify", of_files(tmp_path / "x.tar.gz", files), "--key", keys[1])
    assert (told.status, "does not fit" in told.out) == (13, True)


def test_a_broken_ledger_is_not_exported(call: Call, recorded: Recording, store_file: Path) -> None:
    digest = entries(store_file, recorded.runs["good-0"])[1]["body"]["answer"]["body_sha256"]
    change(store_file, "DELETE FROM evidence WHERE sha256 = ?", digest)
    told = call("evidence", "export", "task-good-0", "--out", "x.tar.gz")
    assert (told.status, told.err) == (13, f"Evidence that the ledger lacks: {digest}.\n")
    verified = call("evidence", "verify", "x.tar.gz")
    assert (verified.status, f"{digest}: was missing when this was exported" in verified.out) == (13, True)
    change(store_file, "UPDATE entries SET data = x'00' WHERE run = ? AND seq = 3", recorded.runs["good-0"])
    told = call("evidence", "export", "--out", "y.tar.gz")
    assert (told.status, Path("y.tar.gz").exists()) == (13, False)


def test_what_is_exported_is_plain(export: Export) -> None:
    with tarfile.open(export("task-good-0")) as tar:
        assert {(one.type, one.mtime, one.uid, one.uname) for one in tar} == {(tarfile.REGTYPE, 0, 0, "")}


def test_a_bundle_of_an_export_as_candidate(call: Call, export: Export) -> None:
    name = next(name for name in files_of(export("task-waived-0")) if name.startswith("bundles/"))
    digest = name.removeprefix("bundles/")[:12]
    told = call("replay", "--archive", "export.tar.gz", "--candidate", digest, "-o", "json")
    assert told.document["comparison"]["same"] == {"count": 2, "of": 2}
    assert call("replay", "--archive", "export.tar.gz", "--candidate", "0" * 12).status == 2
