"""Known texts of the API server, recognised by anchored patterns and kept as ids.

Sources of the texts: kubernetes.md A, B and D, observed on kube-apiserver 1.36.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from runbook_gate.models.http import Message
from runbook_gate.shapes import LEVEL_VERSION, matched

_DNS: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_SOME: Final = r'[A-Za-z.]{1,63} "[^"]{0,253}" is '
_FULFILL: Final = r'Operation cannot be fulfilled on [a-z.]{1,127} "[^"]{0,253}": '
_POLICY: Final = r"ValidatingAdmissionPolicy '(?P<plugin>[^']{1,253})'"
_MUTATING: Final = r"policy ['\"](?P<plugin>[^'\"]{1,253})['\"] (?:with binding '[^']{0,253}' )?denied request: "

_PATTERNS: Final = {
    name: re.compile(pattern)
    for name, pattern in {
        "quota_exceeded": _SOME + r"forbidden: (?:exceeded quota|failed quota|status unknown for quota): ",
        "limit_range": _SOME
        + r"forbidden: \[?(?:(?:minimum|maximum) [^ ]{1,253} usage|[^ ]{1,253} max limit to request ratio) per ",
        "service_account_missing": _SOME + r"forbidden: error looking up service account ",
        "runtime_class": _SOME + r'forbidden: pod rejected: RuntimeClass "[^"]{0,253}" not found',
        "priority_class": _SOME + r"forbidden: no PriorityClass with name ",
        "admission_policy": _SOME + r"forbidden: " + _POLICY,
        "admission_not_ready": _SOME + r"forbidden: not yet ready to handle request",
        "mutating_policy": _MUTATING,
        "namespace_terminating": _SOME
        + r"forbidden: unable to create new content in namespace \S{1,63} because it is being terminated",
        "rbac": r'[a-z./-]{1,127}(?: "[^"]{0,253}")? is forbidden: '
        r'User "[^"]{0,512}" cannot [a-z]{1,32} resource ',
        "webhook_denied": r'admission webhook "(?P<plugin>[^"]{1,253})" denied the request',
        "webhook_failed": r'Internal error occurred: failed calling webhook "(?P<plugin>[^"]{1,253})"',
        "webhook_no_dry_run": r'admission webhook "(?P<plugin>[^"]{1,253})" does not support dry run',
        "conflict": _FULFILL + r"the object has been modified",
        "precondition": _FULFILL + r"Precondition failed",
        "timeout": r"(?:Timeout: )?request did not complete within ",
        "invalid_patch": r'[A-Za-z.]{0,63} "[^"]{0,253}" is invalid: patch: ',
        "immutable_field": _SOME + r"invalid: [\s\S]{0,2000}: field is immutable",
        "invalid": _SOME + r"invalid: ",
        "not_found": r'[a-z.]{1,127} "[^"]{0,253}" not found$',
        "already_exists": r'[a-z.]{1,127} "[^"]{0,253}" already exists',
        "too_many_requests": r"Too many requests, please try again later\.",
        "etcd": r"etcdserver: ",
        "unauthorized": r"Unauthorized$",
    }.items()
}


@dataclass(frozen=True)
class SentObject:
    """The object that a request was about, so that a text counts only if it names that one.

    Attributes:
        resource: such as `pods`.
        name: metadata.name.
    """

    resource: str
    name: str


def message(told: str, sent: SentObject | None = None) -> Message:
    """Recognise a text.

    Args:
        told: Status.message, or a body that is not JSON.
        sent: the object that was sent, if one was.

    Returns:
        The id of the first pattern that the text begins with; only the length if it is none.
    """
    violation = _violation(sent).match(told) if sent else None
    if violation:
        return Message(pattern="psa_violation", level_version=violation[1], plugin=None, length=len(told))
    for name, pattern in _PATTERNS.items():
        found = pattern.match(told)
        if found:
            plugin = matched(_DNS, found.groupdict().get("plugin"))
            return Message(pattern=name, level_version=None, plugin=plugin, length=len(told))
    return Message(pattern=None, level_version=None, plugin=None, length=len(told))


def _violation(sent: SentObject) -> re.Pattern[str]:
    named = f'{re.escape(sent.resource)} "{re.escape(sent.name)}"'
    return re.compile(rf'{named} is forbidden: violates PodSecurity "({LEVEL_VERSION})": ')
