"""The exported VERIFY.md is executed in an empty folder with sha256sum, jq, base64, openssl and opa alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.export.conftest import Export, key_pair
from tests.replay.replays import Recording, forge

from runbook_gate.canonical import sha256_hex

TOOLS = ("sha256sum", "jq", "base64", "openssl")


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory, opa_binary: Path) -> Path:
    """A folder with these five programs and no other."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed: install it (Debian, Ubuntu: apt install {name})")
        (folder / name).symlink_to(found)
    (folder / "opa").symlink_to(opa_binary)
    return folder


def unpacked(export: Path, folder: Path) -> Path:
    """The export in an empty folder."""
    folder.mkdir()
    with tarfile.open(export) as tar:
        tar.extractall(folder, filter="data")
    return folder


def execute(folder: Path, tools: Path, key: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Do what the page says, by its own command."""
    [command] = re.findall(r"^    (jq -nRr .*)$", (folder / "VERIFY.md").read_text(encoding="utf-8"), re.MULTILINE)
    environment = {"PATH": str(tools), **({"KEY": str(key)} if key else {})}
    shell = shutil.which("sh")
    assert shell
    return subprocess.run(
        [shell, "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def flip(file: Path) -> None:
    """Flip one bit in the middle."""
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)


def test_one_signed_run(export: Export, keys: tuple[Path, Path], tools: Path, tmp_path: Path) -> None:
    file = export("task-waived-0", "--key", keys[0])
    folder = unpacked(file, tmp_path / "unpacked")
    done = execute(folder, tools, keys[1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == ["Runs: 1. Decisions that these policies give again: 2.", "Consistent."]
    kinds = ("entries", "evidence", "bundles", "packet.json", "SHA256SUMS", "statement.dsse.json")
    for number, kind in enumerate(kinds):
        spoiled = unpacked(file, tmp_path / f"spoiled-{number}")
        place = spoiled / kind
        flip(place if place.is_file() else max(place.iterdir()))
        found = execute(spoiled, tools, keys[1])
        assert found.returncode != 0, kind
        assert "Consistent." not in found.stdout
        assert found.stderr


def test_a_file_that_is_not_listed(export: Export, tools: Path, tmp_path: Path) -> None:
    folder = unpacked(export("task-waived-0"), tmp_path / "unpacked")
    name = f"evidence/{sha256_hex(b'{}')}"
    (folder / name).write_bytes(b"{}")
    assert f"{name}: not listed" in execute(folder, tools).stderr


def test_runs_without_a_signature(export: Export, tools: Path, tmp_path: Path) -> None:
    folder = unpacked(export("--outcome", "escalated"), tmp_path / "unpacked")
    done = execute(folder, tools)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["Runs: 4. Decisions that these policies give again: 8.", "Consistent."]


def test_a_key_of_somebody_else(export: Export, keys: tuple[Path, Path], tools: Path, tmp_path: Path) -> None:
    folder = unpacked(export("task-waived-0", "--key", keys[0]), tmp_path / "unpacked")
    assert execute(folder, tools).returncode != 0
    other = tmp_path / "other"
    other.mkdir()
    assert "not signed by" in execute(folder, tools, key_pair(other, "other")[1]).stderr


def test_a_decision_that_these_policies_do_not_give(
    export: Export, recorded: Recording, store_file: Path, tools: Path, tmp_path: Path
) -> None:
    """Every digest fits, since whoever owned the ledger made them anew; only asking again tells."""

    def edit(document: dict[str, Any]) -> None:
        exceptions = document["observed"]["gather"]["body"]["registers"]["platform_exceptions"]
        exceptions["records"][0]["status"] = "closed"

    forge(store_file, recorded.runs["waived-0"], edit)
    done = execute(unpacked(export("task-waived-0"), tmp_path / "unpacked"), tools)
    assert done.returncode != 0
    assert done.stderr.endswith("decides in another way\n")
