"""Moments as other systems write them."""

from __future__ import annotations

import pytest

from runbook_gate.timestamps import http_date_ms, rfc3339_ms

MOMENTS = {
    "2026-11-20T10:00:00Z": 1795168800000,
    "2026-11-20T10:00:00.5Z": 1795168800500,
    "2026-11-20T10:00:00.123456Z": 1795168800123,
    "2026-11-20T10:00:00.999999999Z": 1795168800999,
    "1970-01-01T00:00:00Z": 0,
}
ODD = [
    None,
    5,
    "",
    "2026-11-20",
    "2026-11-20T10:00:00",
    "2026-11-20T10:00:00+00:00",
    "2026-11-20t10:00:00z",
    " 2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00Z\n",
    "2026-02-30T10:00:00Z",
    "2026-11-20T24:00:00Z",
    "2026-11-20T10:00:60Z",
    "٢٠٢٦-11-20T10:00:00Z",
    "2026-11-20T10:00:00.Z",
]


@pytest.mark.parametrize("text", MOMENTS)
def test_rfc3339(text: str) -> None:
    assert rfc3339_ms(text) == MOMENTS[text]


@pytest.mark.parametrize("odd", ODD)
def test_anything_else_is_none(odd: object) -> None:
    assert rfc3339_ms(odd) is None


def test_http_dates() -> None:
    assert http_date_ms("Fri, 20 Nov 2026 10:00:00 GMT") == 1795168800000
    assert [http_date_ms(odd) for odd in (None, "", "yesterday", "Fri, 99 Nov 2026 10:00:00 GMT")] == [None] * 4
