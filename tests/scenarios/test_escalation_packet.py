"""The escalation packet: everything that a human needs to take over, made exactly once, and safe to look at."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from kubernetes.client import ApiException
from markdown_it import MarkdownIt
from tests.scenarios.theatre import Theatre, assert_escalated

from runbook_gate import resources
from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, PREFIX, REGISTERS
from runbook_gate.errors import Stopped
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.entry import Entry

OPEN = "waiver_absence.open_waiver"


def waived(theatre: Theatre, **fields: Any) -> None:
    """An open waiver of the target stands in the register from now on."""
    waiver = {"id": "EXC-311", "status": "open", "scope": {"cluster_id": CLUSTER_ID, "namespace": theatre.namespace}}
    theatre.state(waivers=({**waiver, **fields},))


@pytest.fixture
def packet(theatre: Theatre) -> dict[str, Any]:
    """Of a run whose first write met a conflict, and whose target was waived before the second."""
    theatre.director.cues["intended"] = lambda _entry: theatre.live({"team": "settlement"})
    theatre.director.cues["observed:patch_labels"] = lambda _entry: waived(theatre)
    theatre.submit()
    return assert_escalated(theatre, theatre.run(), OPEN, origin="cp1", writes=1)


def markdown(theatre: Theatre) -> str:
    [file] = theatre.packets()
    return file.with_suffix(".md").read_text(encoding="utf-8")


# --- what is in it ---


def test_the_packet_is_as_its_schema_says(packet: dict[str, Any]) -> None:
    schema = resources.schema("escalation_packet")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(packet)


def test_the_packet_names_owner_target_and_condition(theatre: Theatre, packet: dict[str, Any]) -> None:
    assert packet["owner"] == {
        "name": "Leah Moran",
        "title": "Director of Kubernetes Platform Governance",
        "queue": "platform-governance",
    }
    assert packet["target"] == {
        "key": f"{CLUSTER_ID}/{theatre.namespace}",
        "cluster_id": CLUSTER_ID,
        "namespace": theatre.namespace,
        "owner_alias": "payments-settlement",
        "incident": "INC-88121",
    }
    [denial] = packet["condition"]
    assert (packet["origin"], packet["basis"], denial["code"]) == ("cp1", "decision", OPEN)
    assert denial["message"]
    assert denial["solution"]
    assert "EXC-311" in denial["facts"].values()


def test_the_packet_tells_what_was_and_was_not_written(theatre: Theatre, packet: dict[str, Any]) -> None:
    [write] = theatre.writes()
    [intent] = [entry for entry in theatre.history().entries if entry.kind == "intent"]
    [attempt] = packet["attempts"]
    assert (attempt["attempt"], attempt["outcome"]) == (1, "409")
    assert attempt["retry_reason"] == ["retry_eligibility.conflict"]
    assert attempt["audit_id"] == intent.sha256 == write["auditID"]
    assert attempt["resource_version"] == intent.body["resource_version"]
    assert "attempt 1: 409" in packet["written"]
    assert (packet["write_in_doubt"], packet["kill_command"]) == (False, None)
    assert packet["blockers"] == []


def test_the_packet_sets_the_approved_tuple_against_the_live_labels(theatre: Theatre, packet: dict[str, Any]) -> None:
    assert packet["approved"] == APPROVED
    live = packet["live"]
    assert {label["key"]: label["approved"] for label in live["labels"]} == APPROVED
    assert {(label["live"], label["differs"]) for label in live["labels"]} == {(None, True)}
    assert (live["uid"], live["restored"]) == (theatre.target.uid, False)


def test_the_packet_names_registers_evidence_and_policy(
    theatre: Theatre, packet: dict[str, Any], bundle: Bundle
) -> None:
    assert {(one["name"], one["source_id"], one["outcome"], one["version"]) for one in packet["registers"]} == {
        (name, name.replace("_", "-"), "answered", "4711") for name in REGISTERS
    }
    assert all(one["as_of_ms"] and one["sha256"] for one in packet["registers"])
    history = theatre.history()
    assert packet["ledger_head"] == history.newest.sha256
    assert packet["id"] == f"esc-{history.newest.sha256[:16]}"
    assert (packet["runbook"], packet["policy_sha256"]) == ("MKS-PSA-Label-Restore-v3", bundle.content_sha256)
    assert packet["opa_version"] == history.pins.opa_version
    assert len(packet["evidence"]) == 2 * len(list(history.decisions()))
    with theatre.store() as store:
        for digest in packet["evidence"]:
            assert store.evidence.get(digest)


def test_the_packet_says_what_can_be_done_next(theatre: Theatre, packet: dict[str, Any]) -> None:
    commands = [step["command"] for step in packet["next_steps"]]
    assert f"kubectl get namespace {theatre.namespace} --show-labels" in commands
    assert f"runbook-gate show {packet['run']}" in commands
    assert f"runbook-gate escalations ack {packet['id']}" in commands
    assert "superseding task" in str(packet["next_steps"])


def test_the_markdown_says_what_the_json_says(theatre: Theatre, packet: dict[str, Any]) -> None:
    told = shown(markdown(theatre))
    [denial] = packet["condition"]
    [attempt] = packet["attempts"]
    steps = [word for step in packet["next_steps"] for word in step.values()]
    parts = [packet["id"], packet["run"], packet["task"], packet["runbook"], packet["origin"], packet["written"]]
    parts += [*packet["owner"].values(), *packet["target"].values(), *steps]
    parts += [denial[field] for field in ("code", "message", "solution")] + list(denial["facts"])
    parts += [attempt["audit_id"], attempt["resource_version"], *attempt["retry_reason"]]
    parts += [part for label in packet["live"]["labels"] for part in (label["key"], label["approved"])]
    parts += [packet["live"]["uid"], packet["live"]["resource_version"], "are not the approved tuple"]
    parts += [part for one in packet["registers"] for part in (one["name"], one["version"], one["sha256"])]
    parts += [packet["ledger_head"], packet["policy_sha256"], packet["opa_version"], *packet["evidence"]]
    assert [part for part in parts if str(part) not in told] == []


def test_the_packet_names_a_write_in_doubt_and_the_command_that_kills_it(theatre: Theatre) -> None:
    def killed(_entry: Entry) -> None:
        raise Stopped("Killed after the intent, before its observation.")

    theatre.director.cues["intended"] = killed
    theatre.director.cues["decided:cp2:retry"] = lambda _entry: waived(theatre)
    theatre.submit()
    with pytest.raises(Stopped):
        theatre.run()
    packet = assert_escalated(theatre, theatre.run(), OPEN, origin="cp1", writes=0)
    [attempt] = packet["attempts"]
    assert (packet["write_in_doubt"], attempt["outcome"]) == (True, "interrupted")
    assert attempt["retry_reason"] == ["retry_eligibility.in_doubt"]
    assert packet["kill_command"] in markdown(theatre)

    do(theatre, packet["kill_command"])
    late = {
        "metadata": {"uid": packet["live"]["uid"], "resourceVersion": attempt["resource_version"], "labels": APPROVED}
    }
    with pytest.raises(ApiException) as refused:
        theatre.seeder.core.patch_namespace(theatre.namespace, late, _content_type="application/merge-patch+json")
    assert refused.value.status == 409
    assert theatre.labels() == {}


def do(theatre: Theatre, command: str) -> None:
    """What `kubectl annotate namespace NAME KEY=VALUE --overwrite` does."""
    *program, namespace, annotation, option = shlex.split(command)
    assert (program, option) == (["kubectl", "annotate", "namespace"], "--overwrite")
    key, value = annotation.split("=")
    theatre.seeder.core.patch_namespace(namespace, {"metadata": {"annotations": {key: value}}})


# --- foreign text ---

HOSTILE = {
    "emphasis": "**bold** __strong__ *em* _em_ ~~gone~~",
    "a link": "[read me](javascript:alert(1)) <https://evil.example>",
    "an image": "![x](https://evil.example/x.png)",
    "HTML": "<script>alert(1)</script> <b onclick=x>&lt;&#60;",
    "code": "a `code` ``span`` ``` fence",
    "a table cell": "a | b \\| c",
    "escapes": "\\*a\\* \\",
    "a heading": "# not a heading",
}
HIDDEN = {
    "an escape sequence": "a\x1b[31mred\x07",
    "line breaks": "a\n\n# heading\r\n",
    "direction marks": "a\u202ereversed\u2066",
    "separators of lines": "a\u2028# heading\u2029",
    "zero-width characters": "a\u200b\ufeffb",
}
MARKUP = {"link_open", "image", "html_inline", "html_block", "em_open", "s_open"}
HEADINGS = {
    "Escalation",
    "Condition",
    "What was written",
    "Labels",
    "What to do next",
    "Probes that were stopped",
    "Registers",
    "Evidence",
}


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind and content of everything that a renderer makes of Markdown."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token.type, "" if token.children else token.content
        for child in token.children or []:
            yield child.type, child.content


def shown(text: str) -> str:
    """What a reader sees of Markdown."""
    return "".join("\n" if kind == "paragraph_open" else content for kind, content in tokens(text))


def assert_harmless(text: str) -> None:
    """Nothing in it is markup that the template did not make, or moves, colours, hides or reverses text."""
    assert {kind for kind, _ in tokens(text)} & MARKUP == set()
    headings = [line.lstrip("# ").split(" esc-")[0] for line in text.splitlines() if line.startswith("#")]
    assert set(headings) <= HEADINGS
    assert len(headings) == len(set(headings))
    assert [character for character in text if not character.isprintable() and character != "\n"] == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_foreign_text_in_the_packet_is_shown_and_is_no_markup(theatre: Theatre, text: str) -> None:
    waived(theatre, id=text, status=text)
    theatre.register("cluster_inventory", lambda answer: answer.update(version=text))
    theatre.submit(incident=text)
    packet = assert_escalated(theatre, theatre.run(), OPEN, origin="cp1")
    [denial] = packet["condition"]
    assert list(denial["facts"].values()).count(text) == 2
    assert text in [one["version"] for one in packet["registers"]]
    assert packet["target"]["incident"] == text
    assert_harmless(markdown(theatre))
    assert shown(markdown(theatre)).count(text) >= 3


def strings(document: Any) -> Iterator[str]:
    """Every string in a document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from strings(value)


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_foreign_text_that_cannot_be_seen_does_not_come_into_the_packet(theatre: Theatre, text: str) -> None:
    waived(theatre, id=text, status=text)
    theatre.register("cluster_inventory", lambda answer: answer.update(version=text))
    theatre.submit()
    packet = json.loads(theatre.run().record)
    assert_harmless(markdown(theatre))
    assert [value for value in strings(packet) if not value.isprintable()] == []


@pytest.mark.parametrize("text", ["a\u202ereversed", "a\u2028# heading", "a\u200bb"], ids=ascii)
def test_a_task_text_that_cannot_be_seen_is_not_set_as_it_is(theatre: Theatre, text: str) -> None:
    waived(theatre)
    theatre.submit(incident=text)
    theatre.run()
    assert_harmless(markdown(theatre))


def test_a_label_value_in_the_packet_is_shown_and_is_no_markup(theatre: Theatre) -> None:
    value = "restricted__or__not"
    body = {"metadata": {"labels": {f"{PREFIX}enforce": value}}}
    theatre.seeder.core.patch_namespace_status(theatre.namespace, body, _content_type="application/merge-patch+json")
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "drift_agreement.foreign_value", origin="cp1")
    assert value in [label["live"] for label in packet["live"]["labels"]]
    assert_harmless(markdown(theatre))
    assert shown(markdown(theatre)).count(value) >= 2


# --- exactly once ---


def test_the_packet_of_a_run_is_made_once(theatre: Theatre) -> None:
    waived(theatre)
    theatre.submit()
    first = theatre.run()
    files = contents(theatre.folder / "packets")
    theatre.state(waivers=())
    assert theatre.run() == first
    assert contents(theatre.folder / "packets") == files
    with theatre.store() as store:
        assert [one.id for one in store.escalations.list("all")] == [first.packet]
        assert [entry.kind for entry in store.runs.entries(first.run)].count("escalated") == 1
        assert json.loads(store.escalations.packet(str(first.packet))) == json.loads(files[f"{first.packet}.json"])


def test_a_packet_that_was_not_delivered_is_delivered_when_the_task_is_asked_for_again(theatre: Theatre) -> None:
    waived(theatre)
    theatre.submit()
    theatre.run()
    files = contents(theatre.folder / "packets")
    for name in files:
        (theatre.folder / "packets" / name).unlink()
    theatre.run()
    assert contents(theatre.folder / "packets") == files


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
