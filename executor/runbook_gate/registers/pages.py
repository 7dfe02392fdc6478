"""An answer in pages: where the next one is, and one envelope of all of them (docs/registers.md).

- Every page is a whole envelope that says the same of the register; only its records and `next` are its own.
- `next` is a path on the server that was asked, so no page can lead a token elsewhere.
- A record that comes twice shows that the pages moved while they were read: another one may be missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from runbook_gate.registers.envelope import Envelope, NotAnEnvelopeError
from runbook_gate.shapes import mapping

MOST_PAGES: Final = 100
_PATH: Final = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1999}")


class MovedError(Exception):
    """The register changed between two pages: what came is no answer, and the next try may be one.

    Attributes:
        problem: stable name of what was seen.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def next_page(document: object) -> str | None:
    """Path and query of the page that follows; None after the last.

    Raises:
        NotAnEnvelopeError: it is anything but a path on the same server.
    """
    stated = mapping(document).get("next")
    if stated is None:
        return None
    if not isinstance(stated, str) or not _PATH.fullmatch(stated):
        raise NotAnEnvelopeError("next_elsewhere")
    return stated


def whole(pages: Sequence[Envelope]) -> Envelope:
    """One envelope with the records of all pages.

    Raises:
        NotAnEnvelopeError: two pages are not of the same register.
        MovedError: they are, but not of the same moment.
    """
    first, records = pages[0], [record for page in pages for record in page.records]
    for page in pages[1:]:
        if _register(page) != _register(first):
            raise NotAnEnvelopeError("pages_differ")
        if replace(page, records=[]) != replace(first, records=[]):
            raise MovedError("pages_moved")
    if len(pages) > 1 and len({_written(record) for record in records}) < len(records):
        raise MovedError("record_twice")
    return replace(first, records=records)


def _register(page: Envelope) -> tuple[Any, ...]:
    return page.schema_id, page.source_id, page.scope, page.complete


def _written(record: object) -> str:
    return json.dumps(record, sort_keys=True)
