"""Is the store there, whole and on a disk, and can what leaves it be written?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from runbook_gate.clock import Clock
from runbook_gate.configuration import Settings
from runbook_gate.errors import EnvironmentFault
from runbook_gate.ledger import filesystem_kind
from runbook_gate.ledger.migrations import looking
from runbook_gate.ledger.rights import excess, lacking
from runbook_gate.stores import open_store, store_place

_NEVER_OFF: Final = ("fsync", "full_page_writes")


def ledger(settings: Settings, clock: Clock) -> str:
    """The ledger is consistent and can be written; one that is not there yet could be made."""
    path = settings.store
    if isinstance(path, Path) and not path.exists():
        _writable(path.parent, "store")
        return f"{path} is not there yet; `runbook-gate submit` makes it"
    with open_store(settings, clock=clock, read_only=True) as opened:
        found = opened.verify()
    if not found.consistent:
        raise EnvironmentFault(
            f"{path}: {found.result}.", advice="Keep the store as it is and run `runbook-gate ledger verify`."
        )
    if isinstance(path, Path):
        _writable(path, "store")
        _writable(path.parent, "store")
    return f"{path}: {found.result}, {len(found.chains) - 1} run(s)"


def role(settings: Settings) -> str:
    """On a server: who asks may do what an executor needs, and no more."""
    if isinstance(settings.store, Path):
        return "the store is a file: whoever may write it may do anything to it"
    with looking(store_place(settings)) as connection:
        wrong, missing = excess(connection), lacking(connection)
    if wrong or missing:
        told = [f"the role {settings.store.user} may do more than it should: {', '.join(wrong)}"] if wrong else []
        told += [f"it lacks {', '.join(missing)}"] if missing else []
        raise EnvironmentFault(
            f"{'; '.join(told)}.", advice="Run deploy/postgresql/roles.sql, and name its runtime role in `store`."
        )
    return f"{settings.store.user} owns nothing, and may change and delete nothing of the record"


def file_system(settings: Settings) -> str:
    """It lies on a local disk that outlives the process, or on a server that keeps it through a crash."""
    if not isinstance(settings.store, Path):
        return _kept_by_server(settings)
    found = filesystem_kind(settings.store)
    if found.unfit:
        raise EnvironmentFault(
            f"{settings.store} lies on {found.kind}: {found.unfit}.",
            advice="Put the store on a local disk or a persistent volume.",
        )
    return found.kind


def _kept_by_server(settings: Settings) -> str:
    with looking(store_place(settings)) as connection:
        off = [one for one in _NEVER_OFF if connection.exec_driver_sql(f"SHOW {one}").scalar_one() == "off"]
    if off:
        raise EnvironmentFault(
            f"the PostgreSQL server has {' and '.join(off)} off: a crash may lose or damage what it has confirmed.",
            advice=f"Set {' and '.join(off)} to on, and reload the server's configuration.",
        )
    return "not this machine's matter: the store is on a PostgreSQL server, which syncs what it confirms"


def heads_file(settings: Settings) -> str:
    """Heads can leave."""
    places = {"heads_file": settings.heads_file, "termination_message": settings.termination_message}
    given = {setting: place for setting, place in places.items() if place}
    for setting, place in given.items():
        _writable(place, setting)
    told = ", ".join(map(str, given.values()))
    return told or "not configured: entries that were lost at the end of the ledger would not show"


def packet_folder(settings: Settings) -> str:
    """Packets can be delivered."""
    if settings.packet_dir is None:
        return "not configured: packets stay in the store"
    _writable(settings.packet_dir, "packet_dir")
    return str(settings.packet_dir)


def _writable(path: Path, setting: str) -> None:
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    fit = os.access(there, os.W_OK) and (there == path or there.is_dir())
    if not fit:
        raise EnvironmentFault(
            f"{path} cannot be written.", advice=f"Make it writable for this user, or set `{setting}` to another place."
        )
