"""`config show`: what is in force, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from runbook_gate.cli.output import columns, emit, output_option
from runbook_gate.cli.settings import configuration, run_options
from runbook_gate.configuration import Configured

Row = tuple[str, Any, str]


@click.group()
def config() -> None:
    """Show the effective configuration."""


@config.command()
@run_options
@output_option
@click.pass_context
def show(
    context: click.Context,
    store: Path | str | None,
    bundle: Path | None,
    kubeconfig: Path | None,
    packet_dir: Path | None,
    output: str,
) -> None:
    """Print every setting, its effective value, and where that comes from.

    Options win over RUNBOOK_GATE_* variables, which win over the file. In the file, relative paths are meant from the
    file's folder; elsewhere from the current one.
    """
    found = configuration(context, store=store, bundle=bundle, kubeconfig=kubeconfig, packet_dir=packet_dir)
    rows = list(_rows(found, found.settings.model_dump(mode="json")))
    document = {
        "file": str(found.file) if found.file else None,
        "configuration_sha256": found.settings.sha256,
        "settings": {key: {"value": value, "from": origin} for key, value, origin in rows},
    }
    emit(output, document, lambda: "\n".join(_text(found, rows)))


def _rows(found: Configured, values: dict[str, Any], at: tuple[str, ...] = ()) -> Iterator[Row]:
    for key, value in values.items():
        here = (*at, key)
        if isinstance(value, dict) and value:
            yield from _rows(found, value, here)
        else:
            yield ".".join(here), value, found.origin(here)


def _text(found: Configured, rows: list[Row]) -> Iterator[str]:
    yield f"File: {found.file or 'none (runbook-gate.toml is not here, and no --config or RUNBOOK_GATE_CONFIG)'}"
    yield from columns([("SETTING", "FROM", "VALUE"), *((key, origin, _shown(value)) for key, value, origin in rows)])


def _shown(value: Any) -> str | None:
    if value in (None, [], {}):
        return None
    if isinstance(value, list):
        return ", ".join(f"{item['name']} {item['url']}" if isinstance(item, dict) else str(item) for item in value)
    return str(value)
