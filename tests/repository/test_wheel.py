"""A wheel carries policies, schemas and the revisions of the tables: an installed runbook-gate needs no checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "executor" / "runbook_gate" / "ledger" / "migrations" / "versions"


def test_a_wheel_carries_policies_and_schemas(tmp_path: Path) -> None:
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(tmp_path),
            ".",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    shipped = {path for folder in ("policies", "schemas") for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert {f"runbook_gate/{path.relative_to(ROOT)}" for path in shipped} <= inside
    revisions = {path.name for path in VERSIONS.iterdir() if path.is_file()}
    assert revisions
    assert {f"runbook_gate/ledger/migrations/versions/{name}" for name in revisions} <= inside
    assert not any(name.startswith(("tests/", "executor/")) for name in inside)
