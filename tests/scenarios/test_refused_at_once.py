"""What the command line refuses before a run is opened: nothing is decided, written, or made a packet of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scenarios import process
from tests.scenarios.process import Said
from tests.scenarios.process import called as said
from tests.scenarios.theatre import Theatre

from runbook_gate.cli.main import run
from runbook_gate.clock import SystemClock
from runbook_gate.demo.stage import APPROVED, PREFIX, Target
from runbook_gate.engine.narration import Silent
from runbook_gate.errors import Stopped
from runbook_gate.ledger import RunStatus, TaskStatus
from runbook_gate.session import Session

SECRET = "hunter2-correct-horse"


def in_a_process(theatre: Theatre, *arguments: str) -> Said:
    """Run one command to its end, in a process of its own."""
    with process.start(theatre, *arguments) as started:
        try:
            out, err = started.communicate(timeout=60)
        finally:
            started.kill()
        return Said(started.returncode, out, err)


def task_file(folder: Path, document: object) -> str:
    """A task file, by its name in a folder."""
    written = document if isinstance(document, str) else yaml.safe_dump(document)
    (folder / "task.yaml").write_text(written, encoding="utf-8", errors="surrogateescape")
    return "task.yaml"


def runs(theatre: Theatre) -> list[RunStatus]:
    with theatre.store() as store:
        return store.runs.list()


def task(theatre: Theatre, task_id: str) -> TaskStatus:
    with theatre.store() as store:
        return store.tasks.status(task_id)


def refused(answer: Said, status: int, *kinds: str) -> str:
    """The message of a refusal, which stands on stderr and, as a document, on stdout."""
    assert answer.status == status, answer.err
    error = answer.document["error"]
    assert error["exit_status"] == status
    assert error["kind"] in kinds
    assert error["advice"]
    for line in error["message"].splitlines():
        assert line in answer.err
    return str(error["message"])


# --- an invalid task file ---

Mistake = Callable[[dict[str, Any]], object]


def without(*path: str) -> Mistake:
    """A field is left out."""

    def mistake(document: dict[str, Any]) -> object:
        place = document
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]
        return document

    return mistake


def stating(*path: str, value: object) -> Mistake:
    """A field says something else."""

    def mistake(document: dict[str, Any]) -> object:
        place = document
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return document

    return mistake


def text(change: Callable[[str], str]) -> Mistake:
    """The file's text is another."""
    return lambda document: change(yaml.safe_dump(document))


def after(line: str) -> Mistake:
    """The file ends with one more line."""
    return text(lambda written: f"{written}{line}\n")


REQUIRED = [
    ("schema",),
    ("id",),
    ("runbook",),
    ("cluster_id",),
    ("namespace",),
    ("owner_alias",),
    ("policy_baseline_version",),
    ("labels",),
    ("drift",),
    ("drift", "namespace_uid"),
    ("drift", "labels"),
    ("retry_budget",),
    ("prequalification",),
    ("prequalification", "reference"),
    ("prequalification", "by"),
]
ENFORCE = f"{PREFIX}enforce"
MISTAKES: dict[str, tuple[Mistake, str, str]] = {
    # told: mistake, field or place, what was expected
    **{f"{'.'.join(path)} is missing": (without(*path), ".".join(path), "is missing") for path in REQUIRED},
    "prequalification.until is missing": (without("prequalification", "until"), "prequalification.until", "is missing"),
    "an unknown field": (stating("password", value=SECRET), "password", "is not known"),
    "an unknown field in drift": (stating("drift", "token", value=SECRET), "drift.token", "is not known"),
    "a submitter of the task's own": (stating("submission", value={"submitter": SECRET}), "submission", "is not known"),
    "an assurance of the task's own": (
        stating("prequalification", "assurance", value=SECRET),
        "prequalification.assurance",
        "is not known",
    ),
    "an unknown field with blanks": (stating(f"my {SECRET}", value=1), "(a key)", "is not known"),
    "another schema": (stating("schema", value=2), "schema", "must be 1"),
    "schema as a string": (stating("schema", value=SECRET), "schema", "must be 1"),
    "id is a number": (stating("id", value=7), "id", "must be a string"),
    "id with a blank": (stating("id", value=f"a {SECRET}"), "id", "must match"),
    "id too long": (stating("id", value=SECRET * 4), "id", "must match"),
    "runbook with a path": (stating("runbook", value=f"../{SECRET}"), "runbook", "must match"),
    "cluster_id is a wildcard": (stating("cluster_id", value=f"{SECRET}-*"), "cluster_id", "must match"),
    "namespace in upper case": (stating("namespace", value=SECRET.upper()), "namespace", "must match"),
    "namespace is a list": (stating("namespace", value=[SECRET]), "namespace", "must be a string"),
    "owner_alias is empty": (stating("owner_alias", value=""), "owner_alias", "must"),
    "owner_alias with a line break": (stating("owner_alias", value=f"a\n{SECRET}"), "owner_alias", "must match"),
    "owner_alias is too long": (stating("owner_alias", value=SECRET * 20), "owner_alias", "must have at most 200"),
    "labels are a string": (stating("labels", value=SECRET), "labels", "must be a mapping"),
    "labels are empty": (stating("labels", value={}), "labels", "must"),
    "too many labels": (
        stating("labels", value={f"key-{number}": SECRET for number in range(33)}),
        "labels",
        "must have at most 32",
    ),
    "a label is a number": (stating("labels", ENFORCE, value=131), f"labels.{ENFORCE}", "must be a string"),
    "a label is a list": (stating("labels", ENFORCE, value=[SECRET]), f"labels.{ENFORCE}", "must be a string"),
    "drift is a list": (stating("drift", value=[SECRET]), "drift", "must be a mapping"),
    "a prequalified label is a mapping": (
        stating("drift", "labels", ENFORCE, value={"was": SECRET}),
        f"drift.labels.{ENFORCE}",
        "must be a string",
    ),
    "retry_budget is a string": (stating("retry_budget", value=SECRET), "retry_budget", "must be a whole number"),
    "retry_budget is true": (stating("retry_budget", value=True), "retry_budget", "must be a whole number"),
    "until is no moment": (
        stating("prequalification", "until", value=SECRET),
        "prequalification.until",
        "must be RFC 3339",
    ),
    "until in another zone": (
        stating("prequalification", "until", value="2026-12-01T00:00:00+01:00"),
        "prequalification.until",
        "must be RFC 3339",
    ),
    "until is a number": (stating("prequalification", "until", value=1), "prequalification.until", "must be RFC 3339"),
    "until twice": (stating("prequalification", "until_ms", value=1), "prequalification", "either until or until_ms"),
    "until_ms is a string": (
        lambda document: (
            without("prequalification", "until")(document)
            and stating("prequalification", "until_ms", value=SECRET)(document)
        ),
        "prequalification.until_ms",
        "must be a whole number",
    ),
    "incident is a number": (stating("incident", value=7), "incident", "must be a string"),
    "an empty file": (lambda _document: "", "", "the document is empty"),
    "a list": (lambda _document: [SECRET], "the document", "must be a mapping"),
    "a word": (lambda _document: SECRET, "the document", "must be a mapping"),
    "not YAML": (after(f"'{SECRET}: ["), "line", "not well-formed YAML"),
    "not JSON": (lambda _document: f'{{"password": "{SECRET}"', "line 1", "not well-formed JSON"),
    "a key twice": (after(f"id: {SECRET}"), "line", "a key occurs twice"),
    "a fraction": (after("weight: 1.5"), "line", "put the value in quotes"),
    "a version without quotes": (after("version: 1.30"), "line", "put the value in quotes"),
    "a word that YAML 1.1 reads as false": (after("dry_run: no"), "line", "put the value in quotes"),
    "an integer beyond JSON": (after("number: 9007199254740993"), "line", "write it as a string"),
    "an anchor": (after(f"spare: &spare {SECRET}"), "line", "anchors and aliases are not allowed"),
    "a tag": (after(f"spare: !secret {SECRET}"), "line", "tags are not allowed"),
    "two documents": (after(f"---\npassword: {SECRET}"), "line", "more than one YAML document"),
    "not UTF-8": (after(f"spare: \udcff{SECRET}"), "", "not UTF-8"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with its store in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_GATE_STORE", str(tmp_path / "ledger.sqlite"))
    return tmp_path


# What the console script calls, without a process for each mistake.
@pytest.mark.parametrize("told", MISTAKES)
def test_an_invalid_task_is_refused_with_file_field_and_expectation_but_no_value(
    here: Path, capsys: pytest.CaptureFixture[str], told: str
) -> None:
    mistake, field, expected = MISTAKES[told]
    document = Target("payments-prod", "a-uid", "a-cluster-uid").task("task-1")
    file = task_file(here, mistake(document))
    status = run(["submit", file, "--run", "-o", "json"])
    answer = Said(status, *capsys.readouterr())
    lines = refused(answer, 2, "InvalidDocument", "Malformed").splitlines()
    assert any(line.startswith(file) and field in line and expected in line for line in lines), lines
    for value in (SECRET, SECRET.upper(), "CHG-20431", "payments-settlement", "131"):
        assert value not in answer.out + answer.err
    assert not (here / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("path", "expected"), [("no-such-task.yaml", "No such file"), (".", "is a directory")], ids=["missing", "a folder"]
)
def test_a_task_file_that_cannot_be_read_is_refused(theatre: Theatre, path: str, expected: str) -> None:
    answer = said(theatre, "submit", path)
    assert (answer.status, answer.out) == (2, "")
    assert expected in answer.err
    assert path in answer.err


def test_an_invalid_task_is_told_to_people_on_stderr_only(theatre: Theatre) -> None:
    file = task_file(theatre.folder, {**theatre.target.task("task-1"), "retry_budget": SECRET})
    answer = said(theatre, "submit", file)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.splitlines()[0] == f"Error: {file}: retry_budget must be a whole number."
    assert SECRET not in answer.err


def test_all_mistakes_of_a_task_are_told_at_once(theatre: Theatre) -> None:
    document = {**theatre.target.task("task-1"), "retry_budget": SECRET, "namespace": SECRET.upper()}
    message = refused(said(theatre, "submit", task_file(theatre.folder, document), "-o", "json"), 2, "InvalidDocument")
    assert len(message.splitlines()) == 2


# --- the same id again ---


def queued(theatre: Theatre) -> dict[str, Any]:
    """The document of a task that was submitted."""
    document = theatre.target.task("task-1")
    theatre.submit("task-1", prequalification=document["prequalification"])
    task_file(theatre.folder, document)
    return document


def submit(theatre: Theatre, document: dict[str, Any], *options: str) -> Said:
    return said(
        theatre, "submit", task_file(theatre.folder, document), "--submitter", "ci-platform", "-o", "json", *options
    )


CHANGES: dict[str, dict[str, Any]] = {
    "another namespace": {"namespace": "payments-other"},
    "another label": {"labels": {**APPROVED, ENFORCE: "baseline"}},
    "another approval": {"prequalification": {"reference": "CHG-1", "by": "x", "until": "2030-01-01T00:00:00Z"}},
    "no incident": {"incident": None},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_id_with_other_content_is_refused(theatre: Theatre, change: dict[str, Any]) -> None:
    document = queued(theatre)
    message = refused(submit(theatre, {**document, **change}, "--run"), 2, "TaskConflict")
    assert "task-1" in message
    assert task(theatre, "task-1").state == "queued"
    assert runs(theatre) == []
    with theatre.store() as store:
        assert store.tasks.get("task-1").namespace == theatre.namespace


def test_the_same_id_with_other_content_is_refused_after_the_end_too(theatre: Theatre) -> None:
    theatre.state(waivers=({"id": "EXC-311", "status": "open"},))
    document = queued(theatre)
    assert theatre.run().outcome == "escalated"
    refused(submit(theatre, {**document, "incident": "INC-1"}, "--run"), 2, "TaskConflict")
    assert len(runs(theatre)) == 1


def test_the_same_task_again_by_another_submitter_stays_the_first_ones(theatre: Theatre) -> None:
    submit(theatre, queued(theatre), "--submitter", "somebody")
    with theatre.store() as store:
        assert store.tasks.get("task-1").submission.submitter == "ci-platform"
        assert len(store.tasks.list()) == 1


def again(theatre: Theatre, document: dict[str, Any]) -> list[Said]:
    """Every way of asking for the same task again."""
    return [
        submit(theatre, document, "--run"),
        submit(theatre, document),
        said(theatre, "run", "task-1", "-o", "json"),
    ]


def test_the_same_task_again_after_its_completion_gives_the_stored_result(theatre: Theatre) -> None:
    document = theatre.target.task("task-1")
    first = submit(theatre, document, "--run")
    assert (first.status, first.document["outcome"]) == (0, "complete")
    for answer in [*again(theatre, document), in_a_process(theatre, "run", "task-1", "-o", "json")]:
        assert (answer.status, answer.document) == (0, first.document)
    assert len(runs(theatre)) == 1
    assert len(theatre.writes()) == 1


def test_the_same_task_again_after_its_escalation_gives_the_stored_result(theatre: Theatre) -> None:
    theatre.state(waivers=({"id": "EXC-311", "status": "open"},))
    document = theatre.target.task("task-1")
    first = submit(theatre, document, "--run")
    assert (first.status, first.document["outcome"]) == (10, "escalated")
    theatre.state(waivers=())
    for answer in again(theatre, document):
        assert (answer.status, answer.document) == (10, first.document)
    assert len(runs(theatre)) == 1
    assert [path.stem for path in theatre.packets()] == [first.document["packet"]]
    assert theatre.writes() == []


# --- a target with an active run ---


def begin(theatre: Theatre, task_id: str) -> str:
    """Open the run of a task and stop it safely at once."""
    theatre.submit(task_id)
    with theatre.store() as store:

        def opened() -> bool:
            return store.tasks.status(task_id).run is not None

        session = Session(theatre.settings, store, Silent(), clock=SystemClock(), stopping=opened)
        with pytest.raises(Stopped):
            session.run_task(task_id)
        return store.runs.list("active")[0].id


def test_a_target_with_an_active_run_is_refused_and_the_task_stays_queued(theatre: Theatre) -> None:
    active = begin(theatre, "task-1")
    message = refused(submit(theatre, theatre.target.task("task-2"), "--run"), 11, "HeldElsewhere")
    assert active in message
    assert task(theatre, "task-2").state == "queued"
    assert [one.id for one in runs(theatre)] == [active]
    refused(said(theatre, "run", "task-2", "-o", "json"), 11, "HeldElsewhere")

    assert said(theatre, "run", "task-1").status == 0
    assert said(theatre, "run", "task-2", "-o", "json").document["outcome"] == "complete"
    assert len(theatre.writes()) == 1


def test_a_run_that_another_process_holds_is_refused(theatre: Theatre) -> None:
    active = begin(theatre, "task-1")
    with theatre.store() as store:
        lease = store.leases.acquire(active, "another-host:1")
        refused(in_a_process(theatre, "run", "task-1", "-o", "json"), 11, "HeldElsewhere")
        store.leases.release(lease)
    assert len(theatre.history(active).entries) == 1


def test_another_target_is_free_while_a_run_is_active(theatre: Theatre) -> None:
    begin(theatre, "task-1")
    other = {**theatre.target.task("task-2"), "namespace": "payments-other"}
    answer = submit(theatre, other, "--run")
    assert (answer.status, answer.document["outcome"]) == (10, "escalated")


# --- tasks that are not there, or not any more ---


@pytest.mark.parametrize("command", [["run"], ["run", "--plan"], ["withdraw"], ["show"]], ids=" ".join)
def test_an_unknown_task_is_refused(theatre: Theatre, command: list[str]) -> None:
    theatre.submit("task-1")
    message = refused(said(theatre, *command, "task-9", "-o", "json"), 2, "UnknownRecord")
    assert "task-9" in message
    assert runs(theatre) == []


def test_a_withdrawn_task_is_refused(theatre: Theatre) -> None:
    queued(theatre)
    assert in_a_process(theatre, "withdraw", "task-1", "--actor", "ci-platform").status == 0
    for command in (["run", "task-1"], ["submit", "task.yaml", "--run"], ["run", "--plan", "task-1"]):
        assert "task-1" in refused(said(theatre, *command, "-o", "json"), 2, "UsageFault")
    assert task(theatre, "task-1").outcome == "withdrawn"
    assert runs(theatre) == []


def test_withdrawing_twice_is_refused(theatre: Theatre) -> None:
    queued(theatre)
    said(theatre, "withdraw", "task-1")
    refused(said(theatre, "withdraw", "task-1", "-o", "json"), 2, "UsageFault")


def test_withdrawing_a_task_whose_run_is_active_is_refused(theatre: Theatre) -> None:
    begin(theatre, "task-1")
    message = refused(said(theatre, "withdraw", "task-1", "-o", "json"), 2, "UsageFault")
    assert "active" in message
    assert task(theatre, "task-1").state == "active"


def test_withdrawing_a_task_that_has_ended_is_refused(theatre: Theatre) -> None:
    theatre.state(waivers=({"id": "EXC-311", "status": "open"},))
    theatre.run(theatre.submit("task-1"))
    refused(said(theatre, "withdraw", "task-1", "-o", "json"), 2, "UsageFault")
    assert task(theatre, "task-1").outcome == "escalated"


def test_a_command_that_needs_a_ledger_does_not_make_one(theatre: Theatre) -> None:
    file = theatre.file()
    for command in (["run", "task-1"], ["withdraw", "task-1"], ["show", "task-1"], ["status"]):
        answer = said(theatre, *command, "-o", "json")
        assert answer.status in {2, 13}, answer.err
    assert not file.exists()
