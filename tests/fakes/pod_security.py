"""As much of Pod Security Admission as the probes can tell: levels, versions, implied warn, texts, annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREFIX = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
_VERSION = re.compile(r"latest|v1\.(?:0|[1-9][0-9]*)")


@dataclass(frozen=True)
class Verdict:
    """What Pod Security says to one creation."""

    denial: str | None = None
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)


def label_errors(labels: Mapping[str, str]) -> list[str]:
    """The keys of the labels that the API server refuses."""
    levels = [PREFIX + mode for mode in ("enforce", "audit", "warn")]
    wrong = [key for key in levels if labels.get(key, "privileged") not in LEVELS]
    versions = [f"{key}-version" for key in levels]
    return wrong + [key for key in versions if not _VERSION.fullmatch(labels.get(key, "latest"))]


def policy(labels: Mapping[str, str], mode: str) -> tuple[str, str]:
    """Level and version in force for a mode."""
    level = labels.get(PREFIX + mode, "privileged")
    version = labels.get(f"{PREFIX}{mode}-version", "latest")
    if mode == "warn" and PREFIX + "warn" not in labels:
        level = labels.get(PREFIX + "enforce", "privileged")
        version = labels.get(PREFIX + "warn-version", labels.get(PREFIX + "enforce-version", "latest"))
    return level, "latest" if level == "privileged" else version


def evaluate(labels: Mapping[str, str], resource: str, name: str, spec: Mapping[str, Any]) -> Verdict:
    """Judge a pod or a template."""
    said = {mode: policy(labels, mode) for mode in ("enforce", "audit", "warn")}
    broken = {mode for mode, (level, _) in said.items() if violates(level, spec)}
    texts = {
        mode: f'PodSecurity "{level}:{version}": host namespaces (hostNetwork=true)'
        for mode, (level, version) in said.items()
    }
    notes = {PREFIX + "audit-violations": f"would violate {texts['audit']}"} if "audit" in broken else {}
    if resource == "pods":
        notes[PREFIX + "enforce-policy"] = ":".join(said["enforce"])
        if "enforce" in broken:
            return Verdict(f'pods "{name}" is forbidden: violates {texts["enforce"]}', [], notes)
    warned = [f"would violate {texts['warn']}"] if "warn" in broken else []
    return Verdict(None, warned, notes)


def violates(level: str, spec: Mapping[str, Any]) -> bool:
    """Whether a pod spec breaks a level."""
    host = any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
    host = host or any("hostPath" in volume for volume in spec.get("volumes", []))
    containers = [container.get("securityContext", {}) for container in spec.get("containers", [])]
    strict = spec.get("securityContext", {}).get("runAsNonRoot") is True and all(
        context.get("allowPrivilegeEscalation") is False for context in containers
    )
    return {"privileged": False, "baseline": host, "restricted": host or not strict}[level]
