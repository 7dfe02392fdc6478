"""The tools, the Go modules that pin them, and where their binaries are kept.

Versions stand in `tools/go/*/go.mod` and nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BIN = PROJECT / ".tools" / "bin"


class BuildError(Exception):
    """A tool cannot be had; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Tool:
    """One pinned program.

    Attributes:
        name: The program's file name.
        module: The folder under tools/go whose go.mod pins it.
        package: The Go package that is built.
        pin: The Go module whose version is the tool's.
        version_command: The arguments that make it state its version.
        version_pattern: Finds the version in what it says then.
        takes: How long a cold build takes on two cores, for the reader.
        stamps: Linker variables, for programs that do not carry their version in their source.
        tags: Build tags, to leave out what is not needed.
    """

    name: str
    module: str
    package: str
    pin: str
    version_command: str
    version_pattern: str
    takes: str
    stamps: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the tool's go.mod and go.sum are."""
        return PROJECT / "tools" / "go" / self.module

    @property
    def version(self) -> str:
        """The pinned version without the leading v."""
        return self._from_go_mod(rf"^\s*{re.escape(self.pin)} v(\S+)")

    @property
    def go_version(self) -> str:
        """The oldest Go that builds the module."""
        return self._from_go_mod(r"^go (\S+)")

    @property
    def linker_flags(self) -> str:
        """The flags that strip the program and stamp its version."""
        major, minor, _ = self.version.split(".", 2)
        stamps = [stamp.format(version=self.version, major=major, minor=minor) for stamp in self.stamps]
        return " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in stamps)])

    @property
    def cache_folder(self) -> Path:
        """The folder of the tool's module at its present checksums."""
        content = (self.folder / "go.mod").read_bytes() + (self.folder / "go.sum").read_bytes()
        return cache_root() / f"{self.module}-{hashlib.sha256(content).hexdigest()[:16]}"

    def _from_go_mod(self, pattern: str) -> str:
        found = re.search(pattern, (self.folder / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
        if found is None:
            raise BuildError(f"{self.folder / 'go.mod'} does not pin {self.pin}.")
        return found[1]


def cache_root() -> Path:
    """The folder that outlives a checkout; `RUNBOOK_GATE_TOOLS_CACHE` overrides it."""
    if own := os.environ.get("RUNBOOK_GATE_TOOLS_CACHE"):
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "runbook-gate" / "tools"


_OPA = "github.com/open-policy-agent/opa"
_CONFTEST = "github.com/open-policy-agent/conftest"
_REGAL = "github.com/open-policy-agent/regal"
_ETCD = "go.etcd.io/etcd/server/v3"
_KUBERNETES = "k8s.io/kubernetes"
_PROMETHEUS = "github.com/prometheus/prometheus"
_KUBERNETES_STAMPS = tuple(
    f"k8s.io/component-base/version.{stamp}"
    for stamp in ("gitMajor={major}", "gitMinor={minor}", "gitVersion=v{version}")
)

# In the order in which they are built: what `make demo` needs comes first.
TOOLS = (
    Tool("opa", "policy", _OPA, _OPA, "version", r"^Version: (\S+)", "80 s"),
    Tool("etcd", "etcd", _ETCD, _ETCD, "--version", r"^etcd Version: (\S+)", "40 s"),
    Tool(
        "kube-apiserver",
        "apiserver",
        f"{_KUBERNETES}/cmd/kube-apiserver",
        _KUBERNETES,
        "--version",
        r"^Kubernetes v(\S+)",
        "5 min",
        _KUBERNETES_STAMPS,
    ),
    Tool(
        "conftest",
        "policy",
        _CONFTEST,
        _CONFTEST,
        "--version",
        r"^Conftest: (\S+)",
        "90 s",
        (f"{_CONFTEST}/internal/version.Version={{version}}",),
    ),
    Tool(
        "regal",
        "regal",
        _REGAL,
        _REGAL,
        "version",
        r"^Version:\s+(\S+)",
        "40 s",
        (f"{_REGAL}/pkg/version.Version={{version}}",),
    ),
    Tool(
        "promtool",
        "prometheus",
        f"{_PROMETHEUS}/cmd/promtool",
        _PROMETHEUS,
        "--version",
        r"^promtool, version (\S+)",
        "2 min",
        ("github.com/prometheus/common/version.Version={version}",),
        ("remove_all_sd",),  # service discovery, which no rule needs, is a third of it
    ),
)
