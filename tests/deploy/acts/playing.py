"""Acts, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.deploy.acts.act import Act
from tests.deploy.applying import Answered, Client
from tests.deploy.stage import WATCHED

from runbook_gate.localcluster.seeding import Seeder


def answers(client: Client, acts: Mapping[str, Act]) -> dict[str, Answered]:
    """What comes of each act, in order."""
    return {
        told: client.send(act.method, act.path, act.body, content_type=act.content_type, headers=act.headers)
        for told, act in acts.items()
    }


def state(seeder: Seeder) -> dict[str, Any]:
    """The namespace that the acts are about, as it is."""
    document: dict[str, Any] = seeder.api.sanitize_for_serialization(seeder.core.read_namespace(WATCHED))
    return document
