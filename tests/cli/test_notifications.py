"""`notifications list|retry`, and that the secret is nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.fakes.runs import LittleWorld
from tests.notifications.receiver import NEW, Receiver, answer

STATES = {"pending": 0, "failing": 0, "delivered": 0}


@pytest.fixture
def receiver(tmp_path: Path, escalated: LittleWorld) -> Iterator[Receiver]:
    """Configured for the store of a run that escalated."""
    with Receiver.start(tmp_path / "receiver") as started:
        told = started.settings()
        with (tmp_path / "runbook-gate.toml").open("a", encoding="utf-8") as file:
            file.write(f'[notifications]\nurl = "{told.url}"\nsecret_file = "receiver/secret"\ntimeout_s = 10\n')
        yield started


def test_from_pending_to_delivered(call: Call, receiver: Receiver) -> None:
    [escalation] = call("escalations", "list", "-o", "json").document["escalations"]
    header, row, counts = call("notifications", "list").out.splitlines()
    assert header.split() == ["ID", "STATE", "OF", "SINCE", "RUN", "TRIES", "NEXT", "TRY", "LAST", "ERROR"]
    assert (row.split()[1:3], row.split()[4:6]) == (["pending", "escalated"], [escalation["run"], "0"])
    assert counts == "1 pending, 0 failing, 0 delivered"
    told = call("notifications", "list", "-o", "json").document
    assert (told["receiver"], told["counts"]) == (receiver.settings().url, {**STATES, "pending": 1})
    [waiting] = told["notifications"]

    receiver.plays = [answer(401)]
    refused = call("notifications", "retry", waiting["id"], "-o", "json")
    sent = {"id": waiting["id"], "kind": "escalated", "run": escalation["run"]}
    assert refused.status == 12
    assert refused.document == {"sent": [{**sent, "delivered": False, "error": "http_401"}], "undelivered": 1}
    assert refused.err.startswith("http_401: Give receiver and `notifications.secret_file` the same secret")
    assert call("notifications", "list").out.splitlines()[1].split()[-1] == "http_401"

    taken = call("notifications", "retry", "--all")
    assert (taken.status, taken.err) == (0, "")
    assert taken.out == f"{waiting['id']} of run {escalation['run']} (escalated): delivered\nAll delivered.\n"
    assert call("notifications", "list").out == "0 pending, 0 failing, 1 delivered\n"
    [delivered] = call("notifications", "list", "--all", "-o", "json").document["notifications"]
    assert (delivered["state"], delivered["attempts"], delivered["last_error"]) == ("delivered", 2, None)
    assert call("notifications", "retry", waiting["id"]).out == "All delivered.\n"
    assert [request.id for request in receiver.requests] == [waiting["id"]] * 2


def test_what_people_do_is_told_too(call: Call, receiver: Receiver) -> None:
    [escalation] = call("escalations", "list", "-o", "json").document["escalations"]
    call("escalations", "resolve", escalation["id"], "--note", "done by hand", "--actor", "leah")
    assert call("notifications", "retry", "--all").status == 0
    told = [json.loads(request.body) for request in receiver.requests]
    assert [one["type"] for one in told] == ["runbook-gate.run.escalated", "runbook-gate.escalation.resolved"]
    assert told[0]["data"]["packet"] == told[1]["subject"] == escalation["id"]
    assert told[0]["data"]["codes"] == ["waiver_absence.open_waiver"]


def test_a_long_list_says_how_many_more_there_are(call: Call, receiver: Receiver) -> None:
    [escalation] = call("escalations", "list", "-o", "json").document["escalations"]
    call("escalations", "ack", escalation["id"])
    call("escalations", "resolve", escalation["id"])
    assert call("notifications", "list", "--limit", "1").out.splitlines()[-2:] == [
        "2 more; see --limit.",
        "3 pending, 0 failing, 0 delivered",
    ]


def test_without_a_receiver(call: Call, escalated: LittleWorld) -> None:
    assert "No receiver is configured: set `notifications.url`." in call("notifications", "list").out
    refused = call("notifications", "retry", "--all", "-o", "json")
    assert (refused.status, refused.document["error"]["message"]) == (2, "No receiver is configured.")


def test_mistakes(call: Call, receiver: Receiver) -> None:
    assert call("notifications", "retry").status == 2
    assert call("notifications", "retry", "evt-1", "--all").status == 2
    refused = call("notifications", "retry", "evt-nope", "-o", "json")
    assert (refused.status, refused.document["error"]["kind"]) == (2, "UnknownRecord")
    assert receiver.requests == []


def test_a_receiver_without_a_secret_is_no_configuration(call: Call, tmp_path: Path) -> None:
    (tmp_path / "runbook-gate.toml").write_text('[notifications]\nurl = "https://events.example.com/"\n')
    refused = call("config", "show", "-o", "json")
    told = "notifications has a url but no secret_file: nothing is sent unsigned."
    assert (refused.status, refused.document["error"]["message"]) == (2, f"runbook-gate.toml: {told}")


@pytest.mark.parametrize("url", ["http://events.example.com/", "https://user:pw@events.example.com/", "https://e/?k=1"])
def test_an_url_that_is_plain_or_holds_a_secret_is_no_configuration(call: Call, tmp_path: Path, url: str) -> None:
    (tmp_path / "runbook-gate.toml").write_text(f'[notifications]\nurl = "{url}"\nsecret_file = "s"\n')
    assert call("config", "show").status == 2


def test_the_secret_is_nowhere(call: Call, receiver: Receiver, tmp_path: Path) -> None:
    receiver.plays = [answer(500)]
    said = [
        call(*words)
        for words in (
            ["config", "show"],
            ["notifications", "retry", "--all"],
            ["notifications", "list", "--all", "-o", "json"],
            ["doctor"],
            ["--debug", "notifications", "retry", "evt-nope"],
            ["notifications", "retry", "--all"],
        )
    ]
    key = NEW.removeprefix("whsec_").rstrip("=")
    assert len(receiver.requests) == 2
    assert not any(key in one.out + one.err for one in said)
    written = [file for file in tmp_path.rglob("*") if file.is_file() and key.encode() in file.read_bytes()]
    assert written == [receiver.secret_file]


@pytest.mark.parametrize(
    ("changed", "told"),
    [("secret", "receiver/secret cannot be read, or holds no secret."), ("ca", "/nowhere.crt cannot be read")],
)
def test_doctor_looks_at_the_files_and_sends_nothing(
    call: Call, receiver: Receiver, tmp_path: Path, changed: str, told: str
) -> None:
    def finding() -> dict[str, str | bool]:
        found: list[dict[str, str | bool]] = call("doctor", "-o", "json").document["findings"]
        return next(one for one in found if one["name"] == "notifications")

    well = finding()
    assert (well["fit"], well["told"]) == (True, f"{receiver.settings().url}, signed with 1 secret(s)")
    if changed == "secret":
        receiver.secret_file.write_text("hunter2\n")
    else:
        with (tmp_path / "runbook-gate.toml").open("a", encoding="utf-8") as file:
            file.write('ca_file = "nowhere.crt"\n')
    unfit = finding()
    assert not unfit["fit"]
    assert told in str(unfit["told"])
    assert "`notifications." in str(unfit["remedy"])
    assert receiver.requests == []
