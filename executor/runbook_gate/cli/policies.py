"""Which policies a command is about: those of a run, named ones, the configured or the shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from runbook_gate import resources
from runbook_gate.configuration import Settings
from runbook_gate.gate.bundle import Bundle
from runbook_gate.policy.sources import Source, folder, load
from runbook_gate.serving import opa_binary

F = TypeVar("F", bound=Callable[..., Any])


def opa_option(command: F) -> F:
    """Adds `--opa`."""
    file = click.Path(dir_okay=False, path_type=Path)
    return click.option("--opa", type=file, metavar="FILE", help="The opa binary.")(command)


def bundle_option(command: F) -> F:
    """Adds `--bundle`, for policies in any form."""
    told = "The policies: a bundle file, a folder named policies, or a git revision."
    return click.option("--bundle", metavar="POLICIES", help=told)(command)


def opa_of(chosen: Settings, named: Path | None) -> Path:
    """The opa binary: `--opa`, else the configured one, else that of this machine."""
    return named or opa_binary(chosen)


def policies_of(chosen: Settings, named: str | None, *, opa: Path | None, of_run: Bundle | None = None) -> Source:
    """Find the policies.

    Args:
        chosen: the configuration.
        named: `--bundle`.
        opa: `--opa`.
        of_run: those that a run is pinned to.

    Returns:
        Those that are named; else those of the run; else the configured ones; else the shipped ones.
    """
    if named is None and of_run is not None:
        return Source("those of the run", of_run)
    binary = opa_of(chosen, opa)
    if named is not None or chosen.bundle is not None:
        return load(named or str(chosen.bundle), opa=binary)
    return folder(resources.policies(), "the shipped ones", opa=binary)
