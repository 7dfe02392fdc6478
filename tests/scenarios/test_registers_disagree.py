"""Registers that disagree with the task, or whose answer shows nothing for sure, stop the run at cp1."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.scenarios.theatre import Theatre, assert_escalated

from runbook_gate.demo.stage import APPROVED, CLUSTER_ID, PREFIX, REGISTERS, rfc3339

Change = Callable[[dict[str, Any]], None]

# Which check judges the answer of which register.
CHECKS = dict.fromkeys(REGISTERS, "register_agreement") | {"platform_exceptions": "waiver_absence"}
RECORDED = [name for name in REGISTERS if name != "platform_exceptions"]
ANOTHER_UID = "00000000-0000-4000-8000-000000000000"


def stated(**fields: Any) -> Change:
    """Fields of the one record are stated otherwise."""

    def change(answer: dict[str, Any]) -> None:
        answer["records"][0].update(fields)

    return change


def unstated(field: str) -> Change:
    """A field of the one record is left out."""

    def change(answer: dict[str, Any]) -> None:
        del answer["records"][0][field]

    return change


def labelled(**labels: str | None) -> Change:
    """Labels of the baseline's record are stated otherwise; None leaves one out."""

    def change(answer: dict[str, Any]) -> None:
        stated = answer["records"][0]["labels"] | {f"{PREFIX}{name.replace('_', '-')}": v for name, v in labels.items()}
        answer["records"][0]["labels"] = {key: value for key, value in stated.items() if value is not None}

    return change


def case(register: str, field: str, change: Change, told: str) -> Any:
    return pytest.param(register, field, change, id=f"{register} {field} {told}")


def other_labels() -> list[Any]:
    """Each of the six labels with another value, and each left out."""
    other = {"restricted": "baseline", "v1.31": "v1.30"}
    names = {key.removeprefix(PREFIX).replace("-", "_"): other[str(value)] for key, value in APPROVED.items()}
    return [
        case("namespace_baseline", "labels", labelled(**{name: value}), f"{name} {told}")
        for name, differing in names.items()
        for value, told in ((differing, "has another value"), (None, "is left out"))
    ]


@pytest.mark.parametrize(
    ("register", "field", "change"),
    [
        *other_labels(),
        case("namespace_baseline", "labels", labelled(enforce="Restricted"), "differ in case"),
        case("namespace_baseline", "labels", stated(labels={f"{PREFIX}enforce": 1}), "are not strings"),
        case("namespace_baseline", "labels", unstated("labels"), "are not stated"),
        case("namespace_baseline", "other_labels", labelled(enforcement="restricted"), "has a seventh label"),
        case(
            "namespace_baseline", "policy_baseline_version", stated(policy_baseline_version="psb-2026.08"), "is newer"
        ),
        case("namespace_baseline", "policy_baseline_version", unstated("policy_baseline_version"), "is not stated"),
        case("namespace_baseline", "owner_alias", stated(owner_alias="payments-ledger"), "is another team"),
        case("namespace_baseline", "owner_alias", unstated("owner_alias"), "is not stated"),
        case("namespace_baseline", "cluster_id", stated(cluster_id="mks-*"), "is a wildcard"),
        case("namespace_baseline", "cluster_id", unstated("cluster_id"), "is not stated"),
        case("namespace_baseline", "namespace", stated(namespace="payments-*"), "is a wildcard"),
        case("namespace_baseline", "namespace", unstated("namespace"), "is not stated"),
        case("cluster_inventory", "cluster_id", stated(cluster_id="mks-*"), "is a wildcard"),
        case("cluster_inventory", "cluster_id", unstated("cluster_id"), "is not stated"),
        case("namespace_ownership", "cluster_id", stated(cluster_id="*"), "is a wildcard"),
        case("namespace_ownership", "cluster_id", unstated("cluster_id"), "is not stated"),
        case("namespace_ownership", "namespace", stated(namespace="*"), "is a wildcard"),
        case("namespace_ownership", "namespace", unstated("namespace"), "is not stated"),
        case("namespace_ownership", "owner_aliases", stated(owner_aliases=["payments-ledger"]), "are another team"),
        case("namespace_ownership", "owner_aliases", stated(owner_aliases=[]), "are nobody"),
        case("namespace_ownership", "owner_aliases", stated(owner_aliases="payments-settlement"), "are no list"),
        case("namespace_ownership", "owner_aliases", stated(owner_aliases=["payments-settlement", 7]), "are odd"),
        case("namespace_ownership", "owner_aliases", unstated("owner_aliases"), "are not stated"),
    ],
)
def test_register_agreement_field_differs(theatre: Theatre, register: str, field: str, change: Change) -> None:
    theatre.register(register, change)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), "register_agreement.field_differs", origin="cp1")
    facts = [path for denial in packet["condition"] for path in denial["facts"]]
    assert f"input.observed.gather.body.registers.{register}.records[0].{field}" in facts
    assert theatre.labels() == {}


@pytest.mark.parametrize(
    ("register", "field"),
    [(name, field) for name in RECORDED for field in ("cluster_id", "namespace") if name != "cluster_inventory"]
    + [("cluster_inventory", "cluster_id")],
)
def test_register_agreement_no_record_that_is_literally_of_the_target(
    theatre: Theatre, register: str, field: str
) -> None:
    theatre.register(register, stated(**{field: "another-one"}))
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "register_agreement.no_record", origin="cp1")


@pytest.mark.parametrize("change", [stated(uid=ANOTHER_UID), unstated("uid")], ids=["another uid", "no uid"])
def test_cluster_identity_wrong_cluster_by_the_inventory(theatre: Theatre, change: Change) -> None:
    theatre.register("cluster_inventory", change)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "cluster_identity.wrong_cluster", origin="cp1")


@pytest.mark.parametrize("register", RECORDED)
def test_register_agreement_no_record_in_an_empty_register(theatre: Theatre, register: str) -> None:
    theatre.register(register, lambda answer: answer.update(records=[], total=0))
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "register_agreement.no_record", origin="cp1")


def joined_by(**fields: Any) -> Change:
    """A second record joins the one, like it but for these fields."""

    def change(answer: dict[str, Any]) -> None:
        second = deepcopy(answer["records"][0]) | fields
        answer.update(records=[*answer["records"], second], total=2)

    return change


@pytest.mark.parametrize("register", RECORDED)
def test_register_agreement_ambiguous_with_two_records(theatre: Theatre, register: str) -> None:
    theatre.register(register, joined_by())
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "register_agreement.ambiguous", origin="cp1")


def test_register_agreement_ambiguous_with_a_second_record_for_many_namespaces(theatre: Theatre) -> None:
    theatre.register("namespace_baseline", joined_by(namespace="payments-*"))
    theatre.submit()
    assert_escalated(theatre, theatre.run(), "register_agreement.ambiguous", origin="cp1")


def test_records_of_other_targets_do_not_stop_the_run(theatre: Theatre) -> None:
    theatre.register("namespace_baseline", joined_by(namespace="payments-other"))
    theatre.register("namespace_ownership", joined_by(cluster_id="mks-other"))
    theatre.register("cluster_inventory", joined_by(cluster_id="mks-other", uid=ANOTHER_UID))
    theatre.submit()
    assert theatre.plan().next.action == "patch_labels"


# --- the envelope: what every register states of its answer ---


def moved(**delta: float) -> Change:
    """The answer is of another moment."""
    return lambda answer: answer.update(as_of=rfc3339(datetime.now(UTC) + timedelta(**delta)))


ENVELOPES: dict[str, tuple[str, Change]] = {
    "stale by 16 minutes": ("stale", moved(minutes=-16)),
    "from the future": ("stale", moved(minutes=1)),
    "complete is false": ("incomplete", lambda answer: answer.update(complete=False)),
    "total says that there is more": ("incomplete", lambda answer: answer.update(total=answer["total"] + 1)),
    "total says that there is less": ("incomplete", lambda answer: answer.update(total=answer["total"] - 1)),
    "another source": ("wrong_source", lambda answer: answer.update(source_id="a-copy")),
    "another schema": ("wrong_schema", lambda answer: answer.update(schema=f"{answer['schema'][:-1]}2")),
    "scope of another cluster": ("wrong_scope", lambda answer: answer.update(scope={"cluster_id": "mks-other"})),
    "scope of another namespace": (
        "wrong_scope",
        lambda answer: answer.update(scope={"cluster_id": CLUSTER_ID, "namespace": "another-one"}),
    ),
    "scope is a wildcard": ("wrong_scope", lambda answer: answer.update(scope={"cluster_id": "*"})),
    "as_of is missing": ("malformed", lambda answer: answer.pop("as_of")),
    "as_of is no moment": ("malformed", lambda answer: answer.update(as_of="yesterday")),
    "scope is no mapping": ("malformed", lambda answer: answer.update(scope=CLUSTER_ID)),
    "complete is a string": ("malformed", lambda answer: answer.update(complete="true")),
    "total is a string": ("malformed", lambda answer: answer.update(total="1")),
    "records are no list": ("malformed", lambda answer: answer.update(records={})),
}


@pytest.mark.parametrize("register", REGISTERS)
@pytest.mark.parametrize("told", ENVELOPES)
def test_register_agreement_and_waiver_absence_want_the_envelope(theatre: Theatre, register: str, told: str) -> None:
    code, change = ENVELOPES[told]
    theatre.register(register, change)
    theatre.submit()
    assert_escalated(theatre, theatre.run(), f"{CHECKS[register]}.{code}", origin="cp1")


def test_registers_of_fourteen_minutes_ago_let_cp1_pass(theatre: Theatre) -> None:
    for register in REGISTERS:
        theatre.register(register, moved(minutes=-14))
    theatre.submit()
    assert theatre.plan().next.action == "patch_labels"


# --- the document ---


def before(line: str) -> Callable[[str], str]:
    return lambda text: f"{line}\n{text}"


DOCUMENTS: dict[str, Callable[[str], str]] = {
    "an empty file": lambda _text: "",
    "only a comment": lambda _text: "# nothing\n",
    "a list": lambda _text: "- complete\n",
    "a word": lambda _text: "unavailable\n",
    "not YAML": lambda _text: "records: [\n",
    "a key that stands twice": before("complete: true"),
    "a fraction": before("weight: 0.5"),
    "a version without quotes": before("policy: 1.30"),
    "a word that YAML 1.1 reads as false": before("disabled: no"),
    "an anchor": before("spare: &spare {}"),
    "a tag": before("spare: !!str 1"),
    "two documents": before("spare: 1\n---"),
    "a page of HTML": lambda _text: "<html><body>Log in</body></html>\n",
    "JSON that breaks off": lambda _text: '{"schema": "',
    "JSON with a key that stands twice": lambda _text: '{"complete": false, "complete": true}',
    "JSON with NaN": lambda _text: '{"total": NaN}',
    "bytes that are not UTF-8": lambda _text: "\udcff",
}


@pytest.mark.parametrize("register", REGISTERS)
@pytest.mark.parametrize("told", DOCUMENTS)
def test_register_agreement_and_waiver_absence_malformed(theatre: Theatre, register: str, told: str) -> None:
    file = theatre.files[register]
    file.write_text(DOCUMENTS[told](file.read_text()), encoding="utf-8", errors="surrogateescape")
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), f"{CHECKS[register]}.malformed", origin="cp1")
    assert [one["name"] for one in packet["registers"] if one["outcome"] == "malformed"] == [register]


def test_registers_in_json_let_cp1_pass(theatre: Theatre) -> None:
    for register, file in theatre.files.items():
        if register in REGISTERS:
            file.write_text(json.dumps(theatre.target.register(register)), encoding="utf-8")
    theatre.submit()
    assert theatre.plan().next.action == "patch_labels"


@pytest.mark.parametrize("register", REGISTERS)
def test_register_agreement_and_waiver_absence_missing_file(theatre: Theatre, register: str) -> None:
    theatre.files[register].unlink()
    theatre.submit()
    assert_escalated(theatre, theatre.run(), f"{CHECKS[register]}.missing", origin="cp1")


@pytest.mark.parametrize("register", REGISTERS)
def test_register_agreement_and_waiver_absence_missing_in_the_configuration(theatre: Theatre, register: str) -> None:
    kept = {name: path for name, path in theatre.settings.registers.items() if name != register}
    theatre.submit()
    finished = theatre.run(registers=kept)
    assert_escalated(theatre, finished, f"{CHECKS[register]}.missing", origin="cp1")


# --- the same at cp4: the labels are written by then ---


@pytest.mark.parametrize(
    ("register", "change", "code"),
    [
        pytest.param(
            "namespace_ownership",
            stated(owner_aliases=["payments-ledger"]),
            "register_agreement.field_differs",
            id="another owner",
        ),
        pytest.param(
            "namespace_baseline", labelled(enforce="baseline"), "register_agreement.field_differs", id="another label"
        ),
        pytest.param(
            "cluster_inventory", stated(uid=ANOTHER_UID), "cluster_identity.wrong_cluster", id="another cluster"
        ),
        pytest.param(
            "namespace_baseline", ENVELOPES["stale by 16 minutes"][1], "register_agreement.stale", id="a stale register"
        ),
        pytest.param(
            "platform_exceptions",
            ENVELOPES["complete is false"][1],
            "waiver_absence.incomplete",
            id="incomplete exceptions",
        ),
    ],
)
def test_register_agreement_waiver_absence_and_cluster_identity_are_asked_again_at_cp4(
    theatre: Theatre, register: str, change: Change, code: str
) -> None:
    theatre.director.cues["decided:cp3:proceed"] = lambda _entry: theatre.register(register, change)
    theatre.submit()
    packet = assert_escalated(theatre, theatre.run(), code, origin="cp4", writes=1)
    assert packet["live"]["restored"] is True
    assert theatre.labels() == APPROVED
