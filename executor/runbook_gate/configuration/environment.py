"""`RUNBOOK_GATE_*`: one variable a setting, `__` between table and key; lists and tables as JSON."""

from __future__ import annotations

import os
import re
from typing import Any, Final

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from runbook_gate.configuration.settings import Settings, known
from runbook_gate.errors import InvalidDocument

PREFIX: Final = "RUNBOOK_GATE_"
# Variables with our prefix that are no settings; the last are what Kubernetes sets for a Service `runbook-gate`.
_OTHERS: Final = re.compile(r"CONFIG|TOOLS_CACHE|SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)\w*)?")


class _Environment(Settings, BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True)


def read_environment() -> dict[str, Any]:
    """What the environment says; an empty variable says nothing.

    Raises:
        InvalidDocument: naming the variable, never its value.
    """
    for name in sorted(name for name in os.environ if name.startswith(PREFIX)):
        told = name.removeprefix(PREFIX)
        if not _OTHERS.fullmatch(told) and told.split("__")[0].lower() not in Settings.model_fields:
            raise InvalidDocument(f"{name}: there is no such setting.", advice=f"The settings are {known()}.")
    try:
        return EnvSettingsSource(_Environment)()
    except SettingsError as fault:
        found = re.search(r'field "(\w+)"', str(fault))
        named = f"{PREFIX}{found[1].upper()}" if found else PREFIX
        raise InvalidDocument(
            f"{named}*: a list or table must be JSON.", advice=f"Such as {PREFIX}AUDIT__LOGS='[\"audit.log\"]'."
        ) from None


def variable(location: tuple[int | str, ...]) -> str:
    """Name of the variable that says a setting.

    Args:
        location: keys, and positions in lists.
    """
    return PREFIX + "__".join(str(part).upper() for part in location if isinstance(part, str))
