"""What an act is, and which layer refuses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tests.deploy.applying import Answered

Layer = Literal["rbac", "acts", "elsewhere", "labels"]
MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json"

# What each layer says.
_SAYS: Final[Mapping[Layer, re.Pattern[str]]] = {
    "rbac": re.compile(
        r'forbidden: User "system:serviceaccount:runbook-gate:executor" cannot '
        r'([\w:-]+ resource "[\w/]+" in API group "[\w.]*"( in the namespace "[\w-]+"| at the cluster scope)'
        r'|(get|post) path "/\w+")'
    ),
    "acts": re.compile(
        "forbidden: ValidatingAdmissionPolicy 'runbook-gate-acts' with binding 'runbook-gate-acts' denied request: "
        "the executor may only create pods and pod templates with dryRun=All, and update namespaces"
    ),
    "elsewhere": re.compile(
        "forbidden: ValidatingAdmissionPolicy 'runbook-gate-elsewhere' with binding 'runbook-gate-elsewhere' denied "
        "request: the executor may change nothing outside of the approved namespaces"
    ),
    "labels": re.compile(
        r"forbidden: ValidatingAdmissionPolicy 'runbook-gate-labels' with binding 'runbook-gate-labels\.[\w-]+' denied "
        "request: (status and finalize of a namespace are not the executor's to change"
        "|the six labels must become exactly the approved ones|other labels than the six must stay as they are"
        "|nothing but labels may change)"
    ),
}


@dataclass(frozen=True)
class Act:
    """One request that the executor must not be able to do.

    Attributes:
        method: HTTP method.
        path: path and query.
        body: its JSON.
        by: the layer that refuses it.
        behind: the layer that would if RBAC granted everything; None where only RBAC can. Where several would, the
            API server names one of them, and this is the one that is always among them.
        content_type: of the body.
        headers: more headers.
    """

    method: str
    path: str
    body: Any = None
    by: Layer = "rbac"
    behind: Layer | None = "acts"
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def refusing(answered: Answered) -> Layer | None:
    """The layer that refused, by its own words; None if the act passed or something else was in the way."""
    if answered.status != 403:
        return None
    return next((layer for layer, says in _SAYS.items() if says.search(answered.message)), None)
