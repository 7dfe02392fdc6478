"""What a replay found as one HTML page that needs nothing else, and may load nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template

from runbook_gate.printable import printable
from runbook_gate.replay.report.rows import counts, verdicts, what
from runbook_gate.timestamps import rfc3339

_FOLDER: Final = "runbook_gate.replay.report"
_FILTERS: Final = ("change", "direction", "checkpoint", "runbook", "target")


def page(told: Mapping[str, Any], *, title: str = "Replay of recorded decisions") -> str:
    """Set the document as a page.

    Args:
        told: the document.
        title: the heading.
    """
    script, style = (_text(f"page.{ending}") for ending in ("js", "css"))
    details = [_detail(one) for one in told["details"]]
    choices = {name: sorted({one["filter"][name] for one in details} - {""}) for name in _FILTERS}
    choices["code"] = sorted({code for one in details for code in one["filter_codes"]})
    return _template().render(
        told=told,
        title=title,
        script=script,
        style=style,
        script_sha256=_digest(script),
        style_sha256=_digest(style),
        counts=list(counts(told)),
        verdicts=verdicts(told) if told.get("comparison") else None,
        details=details,
        choices=choices,
    )


def _detail(one: Mapping[str, Any]) -> dict[str, Any]:
    """A decision with what the page filters by, and its two sides."""
    kind = str(one.get("change") or one["obstacle"] or one["reproduction"]).replace("_", " ")
    codes = {*one.get("recorded_codes", []), *one.get("codes", [])}
    shown = {name: str(one.get(name) or "") for name in ("checkpoint", "runbook", "target")}
    direction = (one.get("direction") or "").replace("_", " ")
    return {
        "facts": {},
        "difference": [],
        "conditional": False,
        "at_ms": None,
        **one,
        "what": what(one),
        "filter": {"change": kind, "direction": direction, **shown},
        "filter_codes": sorted(codes),
        "sides": [(name, one[name]) for name in ("first", "other") if one.get(name)],
    }


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.finalize = lambda value: printable(value) if type(value) is str else value
    environment.filters["time"] = rfc3339
    environment.filters["compact"] = lambda value: printable(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return environment.from_string(_text("page.html.j2"))


def _text(name: str) -> str:
    return (files(_FOLDER) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As a content security policy names what may run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
