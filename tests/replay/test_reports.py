"""The forms of a report say the same, and what is foreign in them stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.replay.replays import Recording, change
from tests.scenarios.bundles import edited

from runbook_gate.replay.report.markdown import markdown
from runbook_gate.replay.report.page import page

RUNBOOK = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"


@pytest.fixture
def told(call: Call, recorded: Recording, store_file: Path, tmp_path: Path, opa_binary: Path) -> Any:
    """A document, with every other form beside it: two runs flip, one is altered."""
    closed = "closed: [closed, expired, revoked, approved, pending]}"
    edited(tmp_path, opa_binary, {RUNBOOK: [("closed: [closed, expired, revoked]}", closed)]})
    statement = "UPDATE entries SET data = replace(data, 'gather', 'gothic') WHERE run = ? AND seq = 3"
    change(store_file, statement, recorded.runs["drifted"])
    files = ("--lines", "all.jsonl", "--markdown", "report.md", "--html", "report.html")
    called = call("replay", "--candidate", "policies", "--fail-on", "error", "-o", "json", *files)
    assert called.status == 0
    return called.document


def test_every_form_tells_of_the_same(told: Any, call: Call, recorded: Recording, tmp_path: Path) -> None:
    assert (told["decisions"], told["altered"]["count"]) == (26, 2)
    assert told["comparison"]["stop_to_go"] == {"count": 2, "of": 24}
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert len(lines) == 26
    assert [line.get("change") for line in lines].count("verdict_changed") == 2
    text = call("replay", "--candidate", "policies", "--fail-on", "error").out
    set_down, shown = ((tmp_path / f"report.{ending}").read_text() for ending in ("md", "html"))
    for form in (text, set_down, shown):
        assert "2 of 26 decisions not shown to be consistent with policy" in form
        for task in ("waived-0", "waived-1", "drifted"):
            assert recorded.runs[task] in form
        assert recorded.runs["waived-2"] not in form
    assert re.search(r"of these stop to go +2 +of 24 +8\.3 %", text)
    assert re.search(r"\| of these stop to go +\| 2 +\| of 24 \| 8\.3 %", set_down)


def test_the_page_needs_nothing_and_may_load_nothing(told: Any, tmp_path: Path) -> None:
    shown = (tmp_path / "report.html").read_text()
    assert not re.search(r"(?:src|href)=\"(?!#)", shown)
    policy = re.search(r"default-src 'none'; style-src '([^']+)'; script-src '([^']+)'", shown)
    assert policy
    for name, sha256 in zip(("style", "script"), policy.groups(), strict=True):
        inside = re.search(rf"<{name}>(.*?)</{name}>", shown, re.DOTALL)
        assert inside
        assert sha256 == f"sha256-{base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()}"


def test_each_flip_shows_facts_and_both_decisions(told: Any, tmp_path: Path) -> None:
    flip = next(one for one in told["details"] if one.get("change") == "verdict_changed")
    assert "EXC-0" in flip["facts"].values() or "EXC-1" in flip["facts"].values()
    assert (flip["first"]["verdict"], flip["other"]["verdict"], flip["direction"]) == (
        "escalate", "proceed", "stop_to_go"
    )  # fmt: skip
    paths = [one["path"] for one in flip["difference"]]
    assert paths == ["verdict", "next.action", "next.checkpoint", "denials.waiver_absence.open_waiver"]
    shown = (tmp_path / "report.html").read_text()
    assert shown.count('data-direction="stop to go"') == 2


def test_what_is_foreign_stays_text(call: Call, recorded: Recording, store_file: Path, tmp_path: Path) -> None:
    told = call("replay", recorded.runs["waived-0"], "-o", "json").document
    evil = "</script><img src=x onerror=alert(1)>\u202e`|"
    told["records"] = evil
    foreign = dict.fromkeys(("run", "runbook", "target", "obstacle", "detail"), evil)
    told["details"] = [{**foreign, "seq": 1, "reproduction": "not_replayable"}]
    assert "<img" not in page(told)
    assert "\u202e" not in page(told) + markdown(told)
    outside_of_code = re.sub(r"(`+).*?\1", "", markdown(told))
    assert re.search(r"(?<!\\)<img", outside_of_code) is None


def test_details_are_bounded_and_everything_is_counted(call: Call, told: Any) -> None:
    few = call("replay", "--candidate", "policies", "--fail-on", "", "--details", "1", "-o", "json").document
    assert (len(few["details"]), few["details_omitted"]) == (1, 3)
    assert few["comparison"] == told["comparison"]
