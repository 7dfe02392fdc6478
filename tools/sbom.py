"""Writes a bill of materials (`make sbom`): every locked Python package, and every Go module that a tool was built of.

The packages by cyclonedx-bom from requirements/, the modules as `go version -m` reads them out of the binaries, all in
one CycloneDX file that is checked against the schema before it is written. Nothing is asked of the network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.build import find_go
from tools.pins import BIN, PROJECT, TOOLS

SPEC = "1.6"


def python_part(lock: Path, program: Path) -> dict[str, Any]:
    """The packages of a lock, with their hashes, and runbook-gate itself as what they are for."""
    options = ["--spec-version", SPEC, "--output-reproducible", "--pyproject", str(PROJECT / "pyproject.toml")]
    done = subprocess.run([str(program), "requirements", *options, str(lock)], capture_output=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def go_part(name: str, told: str) -> Iterator[dict[str, Any]]:
    """A program and its modules, from what `go version -m` says of it."""
    lines = [line.split() for line in told.splitlines()]
    for word, path, version, *checksum in (line for line in lines if len(line) > 2):
        if word in ("dep", "=>"):
            yield {
                "type": "library",
                "bom-ref": f"{name}:{path}@{version}",
                "name": path,
                "version": version,
                "purl": f"pkg:golang/{path}@{version}",
                "properties": [{"name": "golang:h1", "value": checksum[0]}] if checksum else [],
            }


def merged(document: dict[str, Any], programs: dict[str, tuple[str, list[dict[str, Any]]]]) -> dict[str, Any]:
    """One document: beside the packages each program with its modules in it."""
    components = list(document.get("components", []))
    for name, (version, modules) in programs.items():
        program = {"type": "application", "bom-ref": f"tool:{name}", "name": name, "version": version}
        components.append({**program, "components": modules})
    return {**document, "components": components}


def main(out: Path) -> int:
    """Write it; returns the exit status."""
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - it is only where `make sbom` installs it
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    go = find_go(TOOLS[0])
    programs = {}
    for tool in TOOLS:
        binary = (BIN / tool.name).resolve()
        told = subprocess.run([str(go), "version", "-m", str(binary)], capture_output=True, text=True, check=True)
        programs[tool.name] = (tool.version, list(go_part(tool.name, told.stdout)))
    cyclonedx = PROJECT / "build" / "audit" / "bin" / "cyclonedx-py"
    document = merged(python_part(PROJECT / "requirements" / "dev.txt", cyclonedx), programs)
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.stderr.write(f"error: the bill is not as CycloneDX {SPEC} wants it: {fault}\n")
        return 1
    out.write_text(text, encoding="utf-8")
    modules = sum(len(inside) for _, inside in programs.values())
    packages = len(document["components"]) - len(programs)
    sys.stdout.write(f"{out}: {packages} Python packages, {modules} Go modules in {len(programs)} programs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
