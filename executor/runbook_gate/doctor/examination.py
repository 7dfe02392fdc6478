"""The checks in order. One that fails never keeps the next from being made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.doctor.cluster import clock_agrees, cluster_answers, rights
from runbook_gate.errors import EnvironmentFault, RunbookGateError
from runbook_gate.ledger import Store, filesystem_kind
from runbook_gate.registers.files import FileRegisters
from runbook_gate.serving import read_bundle, serving
from runbook_gate.session import program

REGISTERS = ("namespace_baseline", "platform_exceptions", "cluster_inventory", "namespace_ownership")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was checked.
        fit: whether a run could go on with it.
        told: what was found.
        remedy: how to mend it; empty if it is fit.
    """

    name: str
    fit: bool
    told: str
    remedy: str = ""


def examine(settings: Settings, namespace: str | None) -> Iterator[Finding]:
    """Make every check.

    Args:
        settings: the configuration.
        namespace: a target whose rights are checked too.
    """
    checks: list[tuple[str, Callable[[], str]]] = [
        ("ledger", lambda: _ledger(settings)),
        ("ledger file system", lambda: _file_system(settings)),
        ("bundle and sidecar", lambda: _sidecar(settings)),
        *((f"register {name}", lambda name=name: _register(settings, name)) for name in REGISTERS),
        ("audit log", lambda: _audit(settings)),
        ("cluster", lambda: cluster_answers(settings)),
        ("clock", lambda: clock_agrees(settings)),
        ("rights", lambda: rights(settings, namespace)),
    ]
    for name, check in checks:
        try:
            yield Finding(name, True, check())
        except RunbookGateError as fault:
            yield Finding(name, False, str(fault), fault.advice)


def _ledger(settings: Settings) -> str:
    with Store.open(settings.store, clock=SystemClock(), executor=program(settings)) as store:
        found = store.verify()
    if found.result != "chain consistent":
        raise EnvironmentFault(found.result, advice="Keep the store as it is and run `runbook-gate ledger verify`.")
    return f"{settings.store}: {found.result}"


def _file_system(settings: Settings) -> str:
    kind = filesystem_kind(settings.store)
    if kind.unfit:
        raise EnvironmentFault(
            f"{settings.store.parent}: {kind.unfit}.",
            advice="Put the store on a local disk or a persistent volume.",
        )
    return kind.kind


def _sidecar(settings: Settings) -> str:
    bundle = read_bundle(settings)
    with serving(settings, bundle) as served:
        version, revision = served.gate.revision()
    if revision != bundle.content_sha256:
        raise EnvironmentFault(
            "The sidecar serves another bundle than the configured one.",
            advice="Start the sidecar with the same bundle file.",
        )
    return f"OPA {version} serves {revision[:16]}, {len(bundle.data.get('runbooks', {}))} runbooks"


def _register(settings: Settings, name: str) -> str:
    path = settings.registers.get(name)
    answer = FileRegisters(settings.registers, SystemClock()).read(name)
    if answer.outcome != "answered":
        raise EnvironmentFault(
            f"{path or 'not configured'}: {answer.outcome} ({answer.problem}).",
            advice=f"Name the register's file as registers.{name} in the configuration, and see that it is well formed.",
        )
    return f"{path}"


def _audit(settings: Settings) -> str:
    missing = [str(path) for path in settings.audit.logs if not path.is_file()]
    if missing or not settings.audit.logs:
        raise EnvironmentFault(
            f"{', '.join(missing) or 'No audit log is configured'}: runbooks that require audit evidence will escalate.",
            advice="Name the API servers' audit files as audit.logs in the configuration.",
        )
    return ", ".join(map(str, settings.audit.logs))
