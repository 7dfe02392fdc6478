"""Where settings come from, and which of two wins.

- Options win over the environment, which wins over the file, which wins over the defaults; tables are merged key by
  key, lists are replaced.
- A relative path in the file is meant from the file's folder; one in the environment or an option from the current
  folder. So a configuration means the same wherever the command is started.
- A key that nobody knows is an error, in the environment too. Only the variables that Kubernetes sets for a Service
  named `runbook-gate` are passed over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from runbook_gate.configuration.environment import PREFIX, read_environment, variable
from runbook_gate.configuration.file import read_file
from runbook_gate.configuration.sections import TAGS
from runbook_gate.configuration.settings import Settings, known
from runbook_gate.errors import InvalidDocument
from runbook_gate.expectations import expectation, field

DEFAULT_FILE: Final = Path("runbook-gate.toml")
Tree = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One place where settings come from.

    Attributes:
        origin: option, environment or file.
        name: of the file; empty for the others.
        values: what it says.
    """

    origin: str
    name: str
    values: Tree

    def says(self, location: tuple[int | str, ...]) -> int:
        """How many parts of a location it has."""
        found: Any = self.values
        for depth, part in enumerate(location):
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return depth
        return len(location)

    def called(self, location: tuple[int | str, ...]) -> str:
        """What a message calls a setting of this layer."""
        match self.origin:
            case "environment":
                return variable(location)
            case "option":
                return f"--{str(location[-1]).replace('_', '-')}"
        return f"{self.name}: {field(location)}"


@dataclass(frozen=True)
class Configured:
    """The effective configuration and where it comes from.

    Attributes:
        settings: what is in force.
        file: the file that was read; None if there is none.
        layers: what was said, strongest first.
    """

    settings: Settings
    file: Path | None
    layers: tuple[Layer, ...]

    def origin(self, location: tuple[int | str, ...]) -> str:
        """Where a setting comes from: option, environment, file or default."""
        return next((layer.origin for layer in self.layers if layer.says(location) == len(location)), "default")


def load(file: Path | None = None, **options: Any) -> Settings:
    """Read the configuration.

    Args:
        file: the TOML file; default `RUNBOOK_GATE_CONFIG`, then runbook-gate.toml if it is there.
        **options: values that win over the environment and the file; None means not given.

    Raises:
        InvalidDocument: naming file, variable or option and the setting, never the value.
    """
    return configured(file, options).settings


def configured(file: Path | None, options: Mapping[str, Any]) -> Configured:
    """Read the configuration and remember where each setting comes from.

    Args:
        file: the TOML file; default `RUNBOOK_GATE_CONFIG`, then runbook-gate.toml if it is there.
        options: values that win over the environment and the file, as a tree; None means not given.

    Raises:
        InvalidDocument: naming file, variable or option and the setting, never the value.
    """
    chosen = _chosen(file)
    layers = (
        Layer("option", "", _given(options)),
        Layer("environment", "", read_environment()),
        Layer("file", str(chosen), read_file(chosen) if chosen else {}),
    )
    merged: Tree = {}
    for layer in reversed(layers):
        merged = _merged(merged, layer.values)
    try:
        return Configured(Settings.model_validate(merged), chosen, layers)
    except ValidationError as fault:
        raise InvalidDocument(
            "\n".join(f"{_called(layers, _place(error))} {expectation(error)}." for error in fault.errors()),
            advice=f"The settings are {known()}.",
        ) from None


def _chosen(file: Path | None) -> Path | None:
    named = file or (Path(told) if (told := os.environ.get(f"{PREFIX}CONFIG")) else None)
    if named is None:
        return DEFAULT_FILE if DEFAULT_FILE.exists() else None
    if not named.is_file():
        raise InvalidDocument(f"{named}: there is no such configuration file.")
    return named


def _given(options: Mapping[str, Any]) -> Tree:
    trees = {key: _given(value) if isinstance(value, Mapping) else value for key, value in options.items()}
    return {key: value for key, value in trees.items() if value not in (None, {})}


def _merged(below: Tree, above: Tree) -> Tree:
    both = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **both}


def _place(error: Any) -> tuple[int | str, ...]:
    return tuple(part for part in error["loc"] if part not in TAGS)


def _called(layers: tuple[Layer, ...], location: tuple[int | str, ...]) -> str:
    # Of a missing key only its table is there, so the layer that has most of the location said it.
    return max(layers, key=lambda layer: layer.says(location)).called(location)
