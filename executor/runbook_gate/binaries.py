"""Where the pinned binaries are; `tools/build.py` puts them there and checks their versions."""

import os
import shutil
from pathlib import Path

from runbook_gate.errors import EnvironmentFault


def find_tool(name: str) -> Path:
    """Finds one of the tools that `make tools` builds.

    Looks into `.tools/bin` of the checkout, then into the builds' cache folder (the newest), then on PATH.

    Args:
        name: The program, for example `opa`.

    Raises:
        EnvironmentFault: It is nowhere.
    """
    checkout = Path(__file__).resolve().parents[3] / ".tools" / "bin" / name
    if checkout.exists():
        return checkout.resolve()
    cached = sorted(_cache_root().glob(f"*/{name}"), key=lambda path: path.stat().st_mtime)
    if cached:
        return cached[-1]
    if on_path := shutil.which(name):
        return Path(on_path)
    raise EnvironmentFault(
        f"{name} is neither in .tools/bin of the checkout nor in {_cache_root()} nor on PATH.",
        advice="Run `make tools`.",
    )


def _cache_root() -> Path:
    if own := os.environ.get("RUNBOOK_GATE_TOOLS_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "runbook-gate" / "tools"
