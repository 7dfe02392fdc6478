"""What is kept of an answer's headers."""

from __future__ import annotations

import pytest
from tests.cluster.test_projection import SECRET, exchange

from runbook_gate.cluster.projection import http_answer
from runbook_gate.models.http import Warnings


def test_of_the_headers_the_named_ones_are_kept() -> None:
    kept = http_answer(
        exchange(
            {},
            ("date", "Fri, 20 Nov 2026 10:00:00 GMT"),
            ("audit-id", "ab" * 32),
            ("retry-after", "7"),
            ("set-cookie", SECRET),
        )
    )
    assert (kept.date_ms, kept.audit_id, kept.retry_after_s) == (1795168800000, "ab" * 32, 7)
    assert SECRET not in kept.model_dump_json()


@pytest.mark.parametrize("odd", ["", SECRET + "!", "-1", "99999999999", "Fri, 99 Nov 2026 10:00:00 GMT", "\x00"])
def test_odd_headers_are_null(odd: str) -> None:
    kept = http_answer(exchange({}, ("date", odd), ("audit-id", odd + "!"), ("retry-after", odd)))
    assert (kept.date_ms, kept.audit_id, kept.retry_after_s) == (None, None, None)


PSA_WARNING = r'299 - "would violate PodSecurity \"baseline:v1.30\": host namespaces (hostNetwork=true)"'
EXISTING = (
    rf'299 - "existing pods in namespace \"{SECRET}\" violate the new PodSecurity enforce level \"restricted:latest\""'
)


def test_of_warnings_levels_and_counts_are_kept() -> None:
    told = [
        ("warning", PSA_WARNING),
        ("warning", EXISTING),
        ("warning", f'299 - "{SECRET} (and 2 other pods): host namespaces"'),
        ("warning", f"{SECRET} of no form"),
        ("warning", f'299 - "{SECRET} one", 299 - "{SECRET} two"'),
        ("warning", f'299 - "would violate PodSecurity \\"{SECRET}:v1.30\\": x"'),
    ]
    kept = http_answer(exchange({}, *told))
    assert kept.warnings == Warnings(pod_security=["baseline:v1.30"], existing_pods=True, others=5)
    assert SECRET not in kept.model_dump_json()
