"""Obstacles that probes get around, so that a verification is conclusive in spite of them.

Each obstacle is shown to stand in a stranger's way before the run begins. Those that stand behind Pod Security refuse
the compliant pod too: its audit event has the verdict. Those before it are passed with the overlay of the parties data.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.scenarios import obstacles
from tests.scenarios.bundles import edited, served
from tests.scenarios.theatre import Theatre, assert_completed

from runbook_gate.demo.stage import APPROVED
from runbook_gate.localcluster.seeding import Seeder

Obstacle = Callable[[Theatre], AbstractContextManager[None]]

BEHIND: dict[str, tuple[Obstacle, str]] = {
    "a quota that is used up": (obstacles.quota, "quota_exceeded"),
    "a validating webhook": (lambda theatre: obstacles.refusing_webhook(theatre, "validating"), "webhook_denied"),
    "an admission policy": (obstacles.policy, "admission_policy"),
}
BEFORE: dict[str, Obstacle] = {
    "a LimitRange that wants requests and limits": lambda theatre: obstacles.limit_range(
        theatre, min={"cpu": "5m", "memory": "8Mi"}, maxLimitRequestRatio={"cpu": "1"}
    ),
    "a sidecar injector with an opt-out label": lambda theatre: obstacles.injector(theatre, lets_opt_out=True),
}


def shown(theatre: Theatre) -> dict[str, tuple[int, str | None]]:
    """Of each probe of the last round: status, and the id of the text that came with it."""
    (server,) = list(theatre.history().observations("verify", step="restore"))[-1].body["servers"]
    answers = {probe["name"]: probe["http"] for probe in server["probes"]}
    return {name: (http["status"], (http["message"] or {}).get("pattern")) for name, http in answers.items()}


def rounds(theatre: Theatre) -> int:
    return len(list(theatre.history().observations("verify", step="restore")))


@pytest.mark.parametrize(("obstacle", "pattern"), BEHIND.values(), ids=BEHIND)
def test_what_refuses_pods_behind_pod_security_hides_nothing(
    theatre: Theatre, obstacle: Obstacle, pattern: str
) -> None:
    """`facts.probes`: a refusal behind Pod Security counts, by its audit event."""
    theatre.submit()
    with obstacle(theatre):
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert shown(theatre)["P1"] == (403, "psa_violation")
    assert shown(theatre)["P3"] == (403, pattern)
    assert rounds(theatre) == 2


@pytest.mark.parametrize("obstacle", BEFORE.values(), ids=BEFORE)
def test_what_stands_before_pod_security_is_passed_with_the_default_overlay(
    theatre: Theatre, obstacle: Obstacle
) -> None:
    """`facts.manifests`: probes carry the overlay; test_verification has the same obstacles without a way around."""
    theatre.submit()
    with obstacle(theatre):
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)
    assert shown(theatre) == {"P1": (403, "psa_violation"), "P2": (201, None), "P2c": (201, None), "P3": (201, None)}
    assert rounds(theatre) == 2


def test_everything_at_once(theatre: Theatre) -> None:
    theatre.submit()
    with contextlib.ExitStack() as stack:
        wants_resources, injects = BEFORE.values()
        # In this order each still shows itself in the stranger's answer.
        for obstacle in (injects, *(refuses for refuses, _ in BEHIND.values()), wants_resources):
            stack.enter_context(obstacle(theatre))
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)


def test_a_mutator_that_takes_away_one_violation_hides_nothing(theatre: Theatre) -> None:
    """`facts.probes`: the violating pod violates in several ways, so one that is left is enough."""
    baseline = {key: "v1.31" if key.endswith("version") else "baseline" for key in APPROVED}
    theatre.state(labels=baseline)
    theatre.submit()
    with obstacles.taking_away(theatre, "hostNetwork", "hostPID", "hostIPC"):
        finished = theatre.run()
    assert_completed(theatre, finished, writes=1)


# --- the namespace has no ServiceAccount `default` ---


@pytest.fixture
def ledger_namespace(theatre: Theatre, seeder: Seeder) -> Iterator[Theatre]:
    """The namespace for which the shipped parties data names the ServiceAccount `ledger-probe`."""
    name = "payments-ledger-prod"
    uid = seeder.namespace(name, service_account=False)
    seeder.grant_executor(name)
    theatre.namespace = name
    theatre.state(namespace=name, uid=uid)
    yield theatre
    seeder.delete_namespace(name)


def test_a_missing_default_service_account_is_passed_with_the_shipped_overlay(ledger_namespace: Theatre) -> None:
    theatre = ledger_namespace
    theatre.seeder.core.create_namespaced_service_account(theatre.namespace, {"metadata": {"name": "ledger-probe"}})
    theatre.submit()
    assert_completed(theatre, theatre.run(), writes=1)
    assert rounds(theatre) == 2


def test_an_overlay_of_the_namespace_goes_before_the_default_one(theatre: Theatre, opa_binary: Path) -> None:
    """`facts.manifests`: the narrower overlay wins; the default one would be refused by this LimitRange."""
    overlay = f"payments-ledger-prod: {{service_account: ledger-probe}}\n        {theatre.namespace}: "
    overlay += "{resources: {cpu: 200m, memory: 64Mi}}"
    change = ("payments-ledger-prod: {service_account: ledger-probe}", overlay)
    bundle = edited(theatre.folder, opa_binary, {"parties/data.yaml": [change]})
    theatre.submit()
    with (
        obstacles.limit_range(theatre, min={"cpu": "100m"}, maxLimitRequestRatio={"cpu": "1"}),
        served(theatre.folder, opa_binary, bundle) as settings,
    ):
        finished = theatre.run(**settings)
    assert_completed(theatre, finished, writes=1)
