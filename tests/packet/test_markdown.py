"""The packet as its readers meet it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from tests.packet.test_escaping import HOSTILE, TEXT, shape

from runbook_gate.models.packet import Packet
from runbook_gate.packet.markdown import render

SHA = "ab" * 32


def packet(text: str = "word", **changes: Any) -> Packet:
    """A packet with a text in every place that holds foreign text."""
    document = {
        "schema": 1,
        "id": "esc-7c0d5b9e0f7a4a11",
        "run": text,
        "task": text,
        "runbook": text,
        "escalated_ms": 1_784_635_200_000,
        "owner": {"name": text, "title": text, "queue": text},
        "target": {"key": text, "cluster_id": text, "namespace": text, "owner_alias": text, "incident": text},
        "origin": "cp2",
        "basis": "decision",
        "condition": [
            {"code": "a_check.a_name", "message": text, "solution": text, "facts": {"a.fact": {"b": text}, text: 1}}
        ],
        "written": "The labels were written.",
        "write_in_doubt": True,
        "kill_command": "kubectl annotate namespace x y=z --overwrite",
        "attempts": [
            {
                "attempt": number,
                "audit_id": SHA,
                "intended_ms": 1_784_635_200_000,
                "resource_version": text,
                "outcome": "409",
                "retry_reason": [text, text],
            }
            for number in (1, 2)
        ],
        "approved": {text: text},
        "live": {
            "read_ms": 1_784_635_200_000,
            "newest_read": "200",
            "uid": text,
            "resource_version": text,
            "labels": [
                {"key": text, "approved": text, "live": None, "differs": True},
                {"key": text, "approved": None, "live": text, "differs": False},
            ],
            "restored": False,
        },
        "registers": [
            {"name": text, "outcome": "answered", "source_id": text, "version": text, "as_of_ms": 1, "sha256": SHA},
            {"name": text, "outcome": "missing", "source_id": None, "version": None, "as_of_ms": None, "sha256": None},
        ],
        "blockers": [{"probe": text, "status": 500, "pattern": None, "plugin": text}],
        "evidence": [SHA],
        "ledger_head": SHA,
        "policy_sha256": SHA,
        "opa_version": text,
        "next_steps": [{"what": "Look", "command": text}, {"what": "Wait", "command": None}],
    }
    return Packet.model_validate({**document, **changes})


@settings(deadline=None)
@given(text=TEXT.filter(str.strip))
def test_no_foreign_text_changes_the_form(text: str) -> None:
    told, plain = render(packet(text)), render(packet())
    assert len(told.split("\n")) == len(plain.split("\n"))
    assert shape(told) == shape(plain)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()])
def test_no_known_attack_changes_the_form(text: str) -> None:
    assert shape(render(packet(text))) == shape(render(packet()))


def test_lists_and_tables_are_tight() -> None:
    told = render(packet())
    assert "\n\n\n" not in told
    assert not told.endswith("\n\n")
    lists = [token for token in MarkdownIt("commonmark").enable("table").parse(told) if token.type == "paragraph_open"]
    inside = [token for token in lists if token.level > 0]
    assert inside
    assert all(token.hidden for token in inside)


def test_commands_can_be_copied() -> None:
    command = "kubectl annotate namespace x y=z --overwrite"
    tokens = MarkdownIt("commonmark").parse(render(packet()))
    assert [token.content for token in tokens if token.type == "fence"] == [f"{command}\n"]
    steps = render(packet("plain")).partition("## What to do next")[2]
    assert "1. Look: `plain`\n2. Wait\n" in steps


def test_the_order_in_which_it_is_read() -> None:
    titles = [line for line in render(packet()).splitlines() if line.startswith("#")]
    assert titles == [
        "# Escalation esc-7c0d5b9e0f7a4a11",
        "## Condition",
        "## What was written",
        "## Labels",
        "## What to do next",
        "## Probes that were stopped",
        "## Registers",
        "## Evidence",
    ]


def test_facts_are_compact_json() -> None:
    assert '  - `a.fact` = `{"b":"word"}`\n' in render(packet())


def test_times_are_rfc_3339_in_utc() -> None:
    assert "ended 2026-07-21T12:00:00.000Z at cp2, write" in render(packet())


def test_parts_that_are_empty_are_left_out() -> None:
    told = render(packet(write_in_doubt=False, kill_command=None, attempts=[], live=None, registers=[], blockers=[]))
    titles = [line for line in told.splitlines() if line.startswith("#")]
    assert titles[1:] == ["## Condition", "## What was written", "## Labels", "## What to do next", "## Evidence"]
    assert "\n\n\n" not in told
    assert "in doubt" not in told


def test_an_older_read_says_so() -> None:
    live = {**packet().model_dump()["live"], "newest_read": "404"}
    assert "**The newest read brought 404; this is older.** Read at 2026" in render(packet(live=live))


def test_without_an_incident() -> None:
    target = {"key": "k", "cluster_id": "c", "namespace": "n", "owner_alias": "o", "incident": None}
    assert "- Task `word`\n- Run" in render(packet(target=target))
