"""What is installed is locked by hash; the bill of materials and the audit say what they know, and no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools import audit, sbom

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
WANTED = {
    "run.txt": PROJECT["project"]["dependencies"],
    "build.txt": GROUPS["build"],
    "dev.txt": [*PROJECT["project"]["dependencies"], *GROUPS["build"], *GROUPS["dev"]],
    "audit.txt": GROUPS["audit"],
}


def locked(lock: Path) -> dict[str, str]:
    """Versions of a lock by name."""
    found = (Requirement(line.rstrip(" \\")) for line in lock.read_text().splitlines() if not line.startswith(" "))
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in found}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_each_package_has_one_version_and_its_hashes(lock: Path) -> None:
    text = lock.read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        name, *hashes = block.split(" \\\n")
        assert re.fullmatch(r"[a-z0-9.-]+==[^ ]+( ; .+)?", name), name
        assert hashes, name
        assert all(re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}", one.rstrip()) for one in hashes), name
    assert not re.search(r"https?:|index-url|@ ", text), "no address of a registry"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_fits_the_project(lock: Path) -> None:
    versions = locked(lock)
    for wanted in (Requirement(one) for one in WANTED[lock.name] if isinstance(one, str)):
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted


def test_the_program_is_tested_with_what_it_is_installed_with() -> None:
    dev = locked(ROOT / "requirements" / "dev.txt")
    for name in ("run.txt", "build.txt"):
        assert locked(ROOT / "requirements" / name).items() <= dev.items()


def test_pip_refuses_a_file_of_another_hash(tmp_path: Path) -> None:
    """Without the network: what is offered is a wheel of that name and version with other contents."""
    offered = tmp_path / "click-8.5.1-py3-none-any.whl"
    offered.write_bytes(b"PK\x05\x06" + bytes(18))
    lock = next(
        block for block in (ROOT / "requirements" / "run.txt").read_text().split("\nc") if block[:7] == "lick==8"
    )
    (tmp_path / "lock.txt").write_text("c" + lock)
    command = [sys.executable, "-m", "pip", "download", "--no-index", "--no-deps", "--find-links", str(tmp_path)]
    done = subprocess.run(
        [*command, "--require-hashes", "-r", str(tmp_path / "lock.txt"), "-d", str(tmp_path / "got")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr


def answer(status: int, out: str, err: str = "") -> audit.Run:
    return lambda command, folder: subprocess.CompletedProcess(command, status, out, err)


def report(**package: Any) -> str:
    return json.dumps({"dependencies": [{"name": "click", "version": "8.5.1", **package}], "fixes": []})


@pytest.mark.parametrize(
    ("run", "answered", "told"),
    [
        (answer(0, report(vulns=[])), True, ""),
        (answer(1, report(vulns=[{"id": "PYSEC-1"}])), True, "click 8.5.1: PYSEC-1"),
        (answer(0, report(skip_reason="not found")), False, "1 packages were not looked up, such as click: not found"),
        (answer(1, "", "ERROR:pip_audit: no connection\n"), False, "ERROR:pip_audit: no connection"),
        (answer(0, ""), False, "ended with 0 and said nothing"),
    ],
)
def test_what_pip_audit_says(run: audit.Run, answered: bool, told: str) -> None:
    assert audit.python_packages(LOCKS[0], run) == audit.Asked(LOCKS[0].name, answered, told)


@pytest.mark.parametrize(
    ("run", "answered", "told"),
    [
        (answer(0, "No vulnerabilities found.\n"), True, ""),
        (answer(3, "GO-2026-1\n"), True, "GO-2026-1\n"),
        (answer(1, "", "govulncheck: no such host\n"), False, "govulncheck: no such host"),
    ],
)
def test_what_govulncheck_says(run: audit.Run, answered: bool, told: str) -> None:
    assert audit.go_program(Path("/opa"), Path("go"), run) == audit.Asked("opa", answered, told)


def test_a_database_that_does_not_answer_is_never_taken_for_a_clean_one(capsys: pytest.CaptureFixture[str]) -> None:
    clean, found = audit.Asked("a", answered=True), audit.Asked("b", answered=True, told="X")
    assert (audit.verdict([clean]), audit.verdict([clean, found])) == (0, 1)
    capsys.readouterr()
    assert audit.verdict([clean, found, audit.Asked("c", answered=False, told="no such host")]) == 2
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "a: nothing known",
        "b: vulnerable",
        "    X",
        "c: could not be asked",
        "    no such host",
    ]
    assert "no database answered about c: of these nothing is known" in said.err


def test_the_bill_has_each_program_with_its_modules() -> None:
    told = (
        "opa: go1.26.8\n\tpath\tx/opa\n\tmod\tx/tools\t(devel)\n\tdep\tx/y\tv1.2.3\th1:abc=\n\tbuild\t-trimpath=true\n"
    )
    modules = list(sbom.go_part("opa", told))
    assert [(one["purl"], one["properties"]) for one in modules] == [
        ("pkg:golang/x/y@v1.2.3", [{"name": "golang:h1", "value": "h1:abc="}])
    ]
    made = sbom.merged({"components": [{"name": "click"}]}, {"opa": ("1.22.0", modules)})
    assert [one["name"] for one in made["components"]] == ["click", "opa"]
    assert made["components"][1]["components"] == modules
