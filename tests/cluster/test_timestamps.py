"""Moments as other systems write them."""

from __future__ import annotations

import pytest

from runbook_gate.timestamps import http_date_ms, rfc3339, rfc3339_ms

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


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (1795168800123, "2026-11-20T10:00:00.123Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (2**53 - 1, "9007199254740991 ms"),
    ],
)
def test_a_moment_is_shown_as_it_is_read(ms: int, shown: str) -> None:
    assert rfc3339(ms) == shown
    assert rfc3339_ms(shown) == (ms if shown.endswith("Z") else None)
