"""`runbook-gate` as a process that says at its end where its time went, as JSON on the last line of standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

_BEGAN = time.perf_counter()
_SPENT: dict[str, float] = {}


def _timed(name: str, owner: Any, attribute: str) -> None:
    real: Callable[..., Any] = getattr(owner, attribute)

    def measured(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return real(*args, **kwargs)
        finally:
            _SPENT[name] = _SPENT.get(name, 0.0) + time.perf_counter() - began

    setattr(owner, attribute, measured)


def _main() -> None:
    from runbook_gate import serving  # noqa: PLC0415
    from runbook_gate.cli.main import main  # noqa: PLC0415 - the time that it takes is what is asked for
    from runbook_gate.clock import SystemClock  # noqa: PLC0415
    from runbook_gate.gate.sidecar import Sidecar  # noqa: PLC0415
    from runbook_gate.session import Session  # noqa: PLC0415

    _SPENT["imports"] = time.perf_counter() - _BEGAN
    _timed("read and check the bundle", serving, "read_bundle")
    _timed("start the sidecar", Sidecar, "start")
    _timed("stop the sidecar", Sidecar, "stop")
    _timed("platform of opa", serving, "platform_of")
    _timed("waits", SystemClock, "sleep")
    _timed("the loop", Session, "_carry")
    try:
        main()
    finally:
        print(json.dumps(_told(time.perf_counter() - _BEGAN)), file=sys.stderr)


def _told(whole: float) -> dict[str, float]:
    """Parts that make up the whole."""
    waits = _SPENT.setdefault("waits", 0.0)
    _SPENT["the loop"] = _SPENT.get("the loop", waits) - waits
    return {**_SPENT, "all else": whole - sum(_SPENT.values()), "in all": whole}


if __name__ == "__main__":
    _main()
