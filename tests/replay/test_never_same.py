"""What was altered, swapped or is not understood is reported, and never called the same."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.replay.replays import Recording, change, entries, evidence, forge, keep, replayed, rewrite
from tests.scenarios.bundles import edited, unchecked

from runbook_gate.canonical import sha256_hex
from runbook_gate.gate.bundle import Bundle
from runbook_gate.replay.policies import Policies
from runbook_gate.replay.records import Policy, Recorded, Unreadable
from runbook_gate.replay.selection import Selection

GATE = "gate/gate.rego"


def found(store: Path, opa: Path, run: str) -> list[str | None]:
    """What keeps each decision of a run from being replayed; its reproduction where nothing does."""
    return [one.obstacle or one.reproduction for one in replayed(store, opa, run=run)]


@pytest.fixture
def run(recorded: Recording) -> str:
    """A run with a cp0 and a cp1 decision."""
    return recorded.runs["waived-0"]


@pytest.mark.parametrize("side", ["request", "answer"])
def test_altered_and_missing_evidence(store_file: Path, opa_binary: Path, run: str, side: str) -> None:
    sha256 = entries(store_file, run)[3]["body"][side]["body_sha256"]
    data = evidence(store_file, sha256).replace(b"EXC-0", b"EXC-9")
    assert sha256_hex(data) != sha256
    change(store_file, "UPDATE evidence SET data = ? WHERE sha256 = ?", data, sha256)
    assert found(store_file, opa_binary, run) == ["identical", "evidence_altered"]
    change(store_file, "DELETE FROM evidence WHERE sha256 = ?", sha256)
    assert found(store_file, opa_binary, run) == ["identical", "evidence_missing"]


def test_an_entry_that_was_changed(store_file: Path, opa_binary: Path, run: str) -> None:
    change(store_file, "UPDATE entries SET data = replace(data, 'EXC-0', 'EXC-9') WHERE run = ? AND seq = 3", run)
    assert found(store_file, opa_binary, run) == ["chain_broken", "chain_broken"]


@pytest.mark.parametrize("field", ["verdict", "codes", "next"])
def test_an_entry_that_says_something_else_than_its_evidence(
    store_file: Path, opa_binary: Path, run: str, field: str
) -> None:
    other = entries(store_file, run)[1]["body"][field]

    def edit(fields: dict[str, Any]) -> None:
        if fields["seq"] == 4:
            fields["body"][field] = other

    rewrite(store_file, run, edit)
    assert found(store_file, opa_binary, run) == ["identical", "record_disagrees"]


def test_evidence_of_another_decision(recorded: Recording, store_file: Path, opa_binary: Path, run: str) -> None:
    other = entries(store_file, recorded.runs["waived-1"])[3]["body"]

    def edit(fields: dict[str, Any]) -> None:
        if fields["seq"] == 4:
            fields["body"] |= {"request": other["request"], "answer": other["answer"]}

    rewrite(store_file, run, edit)
    assert found(store_file, opa_binary, run) == ["identical", "record_disagrees"]


@pytest.mark.parametrize(
    ("place", "value", "obstacle"),
    [
        ((), {"later": 1}, "unknown_shape"),
        (("observed",), {"weather": None}, "unknown_shape"),
        (("opened", "body", "task"), {"mood": "good"}, "unknown_shape"),
        ((), {"schema": 2}, "older_schema"),
        ((), {"now_ms": "late"}, "unknown_shape"),
    ],
)
def test_an_input_that_is_not_understood(
    store_file: Path, opa_binary: Path, run: str, place: tuple[str, ...], value: dict[str, Any], obstacle: str
) -> None:
    def edit(document: dict[str, Any]) -> None:
        for key in place:
            document = document[key]
        document.update(value)

    forge(store_file, run, edit)
    assert found(store_file, opa_binary, run) == ["identical", obstacle]


def test_an_input_that_was_changed_with_every_digest(store_file: Path, opa_binary: Path, run: str) -> None:
    def edit(document: dict[str, Any]) -> None:
        register = document["observed"]["gather"]["body"]["registers"]["platform_exceptions"]
        assert json.dumps(register).count('"approved"') == 1
        document["observed"]["gather"]["body"]["registers"]["platform_exceptions"] = json.loads(
            json.dumps(register).replace('"approved"', '"closed"')
        )

    forge(store_file, run, edit)
    assert found(store_file, opa_binary, run) == ["identical", "record_disagrees"]


def test_an_observation_that_was_changed_behind_the_input(store_file: Path, opa_binary: Path, run: str) -> None:
    """The answer is what OPA gives to the question; but the question is not about what the entries say."""

    def edit(fields: dict[str, Any]) -> None:
        if fields["seq"] == 3:
            fields["body"]["registers"]["platform_exceptions"]["records"][0]["status"] = "closed"

    rewrite(store_file, run, edit)
    head = entries(store_file, run)[2]["sha256"]
    forge(store_file, run, lambda document: document.update(ledger_head=head))
    decision = entries(store_file, run)[3]["body"]
    body = evidence(store_file, decision["answer"]["body_sha256"])
    old = json.loads(body)["result"]["ledger_head"].encode()
    answer = body.replace(old, head.encode())

    def answered(fields: dict[str, Any]) -> None:
        if fields["seq"] == 4:
            result = answer[len(b'{"result":') : -1]
            fields["body"]["answer"] |= {"body_sha256": keep(store_file, answer), "result_sha256": sha256_hex(result)}

    rewrite(store_file, run, answered)
    assert [one.detail for one in replayed(store_file, opa_binary, run=run)] == [
        None,
        "the input is not what the entries before it give",
    ]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("answer", "status"), 500),
        (("request", "path"), "/v1/data/other"),
    ],
)
def test_an_entry_that_says_that_something_else_was_asked(
    store_file: Path, opa_binary: Path, run: str, place: tuple[str, str], value: object
) -> None:
    def edit(fields: dict[str, Any]) -> None:
        if fields["seq"] == 4:
            fields["body"][place[0]][place[1]] = value

    rewrite(store_file, run, edit)
    assert found(store_file, opa_binary, run) == ["identical", "chain_broken"]


@pytest.mark.parametrize("name", ["step", "task", "runbook"])
def test_a_decision_of_another_task_or_step(store_file: Path, opa_binary: Path, run: str, name: str) -> None:
    rewrite(store_file, run, lambda fields: fields.update({name: "other"} if fields["seq"] == 4 else {}))
    assert found(store_file, opa_binary, run)[1] in ("chain_broken", "record_disagrees")


def test_a_bundle_that_was_altered_or_is_gone(store_file: Path, opa_binary: Path, run: str, bundle: Bundle) -> None:
    change(store_file, "UPDATE evidence SET data = x'00' WHERE sha256 = ?", bundle.bundle_sha256)
    assert found(store_file, opa_binary, run) == ["bundle_altered"] * 2
    change(store_file, "DELETE FROM evidence WHERE sha256 = ?", bundle.bundle_sha256)
    assert found(store_file, opa_binary, run) == ["bundle_missing"] * 2


def repin(store: Path, run: str, *, bundle: Bundle, content_sha256: str, kinds: tuple[str, ...]) -> None:
    """Let entries name another bundle, with every digest of the chain made anew."""
    keep(store, bundle.raw)

    def edit(fields: dict[str, Any]) -> None:
        if fields["kind"] in kinds:
            fields["body"]["pins"] |= {"bundle_sha256": bundle.bundle_sha256, "content_sha256": content_sha256}

    rewrite(store, run, edit)


def test_a_swapped_bundle(store_file: Path, opa_binary: Path, run: str, bundle: Bundle, tmp_path: Path) -> None:
    owner = [("prequalifiers: [platform-governance]", "prequalifiers: [release-board]")]
    other = edited(tmp_path / "other", opa_binary, {"parties/data.yaml": owner})
    for kinds in (("decision",), ("opened",)):
        repin(store_file, run, bundle=other, content_sha256=bundle.content_sha256, kinds=kinds)
        assert set(found(store_file, opa_binary, run)) <= {"chain_broken", "record_disagrees"}
    change(store_file, "UPDATE evidence SET data = ? WHERE sha256 = ?", other.raw, bundle.bundle_sha256)
    assert "identical" not in found(store_file, opa_binary, run)


def test_the_bundle_of_another_policy_in_its_place(
    recorded: Recording, store_file: Path, opa_binary: Path, bundle: Bundle, tmp_path: Path
) -> None:
    owner = [("prequalifiers: [platform-governance]", "prequalifiers: [release-board]")]
    other = edited(tmp_path / "other", opa_binary, {"parties/data.yaml": owner})
    change(store_file, "UPDATE evidence SET data = ? WHERE sha256 = ?", other.raw, bundle.bundle_sha256)
    assert found(store_file, opa_binary, recorded.runs["good-1"]) == ["bundle_altered"] * 6


class OneBundle:
    """Records with a bundle and nothing else."""

    name = "one bundle"

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def count(self, selection: Selection) -> int:
        return 0

    def decisions(self, selection: Selection) -> Iterator[Recorded | Unreadable]:
        return iter(())

    def evidence(self, digests: Collection[str]) -> Mapping[str, bytes]:
        return {sha256_hex(self._raw): self._raw}


def unserved(raw: bytes, content_sha256: str, opa: Path) -> tuple[str, str]:
    """Why a recorded bundle is not served."""
    with Policies(OneBundle(raw), opa) as policies:
        served = policies.serve(Policy(content_sha256, sha256_hex(raw), "1.22.0", None))
    assert isinstance(served, tuple)
    return served


def test_a_recorded_bundle_of_another_content(bundle: Bundle, opa_binary: Path) -> None:
    assert unserved(bundle.raw, "0" * 64, opa_binary)[0] == "bundle_differs"


@pytest.mark.parametrize("built_in", ["opa.runtime()", 'http.send({"url": "http://127.0.0.1:1", "method": "GET"})'])
def test_a_recorded_bundle_that_reads_the_environment_or_the_network(
    opa_binary: Path, tmp_path: Path, built_in: str
) -> None:
    changed = {GATE: [('"schema": 1,', f'"schema": count({built_in}) * 0 + 1,')]}
    reading = unchecked(tmp_path / "reading", opa_binary, changed)
    obstacle, detail = unserved(reading.raw, reading.content_sha256, opa_binary)
    assert obstacle == "bundle_refused"
    assert built_in.partition("(")[0] in detail


def test_what_is_no_bundle(opa_binary: Path) -> None:
    assert unserved(b"no bundle", "0" * 64, opa_binary)[0] == "bundle_unusable"


def test_the_command_fails_on_what_was_altered(call: Call, store_file: Path, run: str) -> None:
    change(store_file, "UPDATE entries SET data = replace(data, 'EXC-0', 'EXC-9') WHERE run = ? AND seq = 3", run)
    told = call("replay", run)
    assert (told.status, told.err) == (14, "Found: altered (--fail-on).\n")
    assert told.out.splitlines()[-1] == "Result: 2 of 2 decisions not shown to be consistent with policy"
    assert call("replay", run, "--fail-on", "error").status == 0
    assert call("replay", run, "--fail-on", "nothing").status == 2
