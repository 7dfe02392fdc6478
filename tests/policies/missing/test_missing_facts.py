"""A missing fact denies, and so does another one, with the code that is expected.

Every fact of every good input is removed, nulled, emptied, retyped and changed to a plausible other value, one at a
time.

Here each fact at each checkpoint is removed from one good input, and half of its other ways are shown, each on one good
input too; `make facts` asks about all.
"""

from __future__ import annotations

import functools
import http.client
import json
import socket
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.policies.asking import Question, decide
from tests.policies.decision_cases import ROOT
from tests.policies.missing import carried, sweep, waiting
from tests.policies.missing.lacks import Lack, facts, lacks, values

from runbook_gate.canonical import gate_bytes
from runbook_gate.gate.build import build
from runbook_gate.gate.sidecar import Sidecar

# Another step, checkpoint or runbook asks other checks.
NAMING = {"step", "checkpoint", "opened.body.task.runbook"}
CHECKPOINTS = ["cp0", "cp1", "cp2", "cp3", "cp4"]


@functools.cache
def good() -> dict[str, Any]:
    return sweep.good_inputs()


@functools.cache
def shown(checkpoint: str) -> list[Lack]:
    """One lack of each fact and kind, of the kinds but `removed` every other one; which these are, and which good
    input it is, is left to the fact's name.
    """
    among = defaultdict(list)
    for found in sweep.every_lack(checkpoint).values():
        for lack in found:
            among[lack.fact, lack.kind].append(lack)
    numbers = {key: zlib.crc32("".join(key).encode()) for key in among}
    taken = [key for key, number in numbers.items() if key[1] == "removed" or number // 256 % 2]
    return [among[key][numbers[key] % len(among[key])] for key in taken]


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_a_missing_fact_denies_unless_the_table_says_otherwise(checkpoint: str) -> None:
    table, codes = carried.read(), carried.read(carried.CODES)
    answers = sweep.answered(good(), shown(checkpoint))
    assert [one.lack for one in answers if one.went_on and not carried.may_go_on(table, one.lack)] == []
    assert [one.lack for one in answers if not one.went_on and carried.has_to_go_on(table, one.lack)] == []
    expected = {key: set(said.split(",")) for key, said in codes.items()}
    other = [one for one in answers if one.codes - expected.get((one.lack.fact, checkpoint), set())]
    assert other == []
    assert {lack.fact for lack in shown(checkpoint)} == {
        fact for path, document in good().items() if f"/{checkpoint}/" in path for fact in facts(document)
    }
    assert len(answers) > {"cp0": 100}.get(checkpoint, 600)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS[1:])
def test_a_missing_fact_never_makes_a_run_freer_that_waits(checkpoint: str) -> None:
    asked = waiting.sample(checkpoint)[::8]
    assert list(waiting.freed(asked)) == []
    assert len(asked) > 100


def test_a_denial_stays_without_what_it_only_tells() -> None:
    base = "fail/verification_reconciliation/reverted_on_a_server_while_another_times_out"
    [asked] = [
        lack
        for lack in lacks(base, waiting.waiting()[base].input, {})
        if lack.question.patch == ({"op": "remove", "path": "/rounds/1/body/audit"},)
    ]
    assert list(waiting.freed([asked])) == []


def test_everything_in_the_table_has_a_reason_and_no_reason_is_left_over() -> None:
    reasons, table = carried.reasons(), carried.read()
    given = {key: carried.reason_for(key, reasons) for key in table}
    assert [key for key, reason in given.items() if reason is None] == []
    assert set(given.values()) == set(range(len(reasons)))


def test_the_table_speaks_of_facts_that_there_are() -> None:
    there = {(fact, path.split("/")[1]) for path, document in good().items() for fact in facts(document)}
    tables = carried.read(), carried.read(carried.CODES)
    assert tables[0].keys() | tables[1].keys() == there


def test_the_codes_are_those_of_checks_that_the_checkpoint_asks() -> None:
    runbook = yaml.safe_load(
        (ROOT / "policies/runbooks/MKS-PSA-Label-Restore-v3/data.yaml").read_text(encoding="utf-8")
    )
    asked = {point: {*table["checks"], "gate"} for point, table in runbook["checkpoints"]["restore"].items()}
    wrong = [
        (key, code)
        for key, said in carried.read(carried.CODES).items()
        for code in said.split(",")
        if code.split(".")[0] not in asked[key[1]] and key[0] not in NAMING
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def sidecar(opa_binary: Path) -> Iterator[Sidecar]:
    with Sidecar(opa_binary, build(ROOT / "policies", opa=opa_binary)) as started:
        yield started


def test_the_production_question_is_answered_in_the_same_way(sidecar: Sidecar) -> None:
    sample = [lack for checkpoint in CHECKPOINTS for lack in shown(checkpoint)[::40]]
    inputs = decide(good(), [lack.question for lack in sample], asked_for="asked")
    decisions = decide(good(), [lack.question for lack in sample])
    for lack, document, decision in zip(sample, inputs, decisions, strict=True):
        for strict in ("true", "false"):
            assert answer(sidecar, document, strict) == (200, decision), (lack, strict)
    assert len(sample) > 100


def answer(sidecar: Sidecar, document: Any, strict: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(sidecar.address.socket))
    try:
        body = b'{"input":' + gate_bytes(document) + b"}"
        connection.request("POST", f"/v1/data/gate/decision?strict-builtin-errors={strict}", body)
        got = connection.getresponse()
        return got.status, json.loads(got.read()).get("result")
    finally:
        connection.close()


def test_a_lack_is_one_change() -> None:
    document = {"text": "a", "list": [1], "label/x": None, "yes": True, "at_ms": 1_784_635_200_000}
    found = list(lacks("pass/cp0/x", document, values([document, {"text": "b", "label/x": "baseline"}])))
    assert [(lack.fact, lack.kind, lack.question.patch[0].get("value")) for lack in found] == [
        ("text", "removed", None),
        ("text", "nulled", None),
        ("text", "retyped", ["a"]),
        ("text", "emptied", ""),
        ("text", "changed", "b"),
        ("list", "removed", None),
        ("list", "nulled", None),
        ("list", "retyped", {"0": 1}),
        ("list", "emptied", []),
        ("list.*", "removed", None),
        ("list.*", "nulled", None),
        ("list.*", "retyped", "1"),
        ("list.*", "changed", 2),
        ("*", "removed", None),
        ("*", "emptied", ""),
        ("*", "retyped", {}),
        ("*", "changed", "baseline"),
        ("yes", "removed", None),
        ("yes", "nulled", None),
        ("yes", "retyped", "true"),
        ("yes", "changed", False),
        ("at_ms", "removed", None),
        ("at_ms", "nulled", None),
        ("at_ms", "retyped", "1784635200000"),
        ("at_ms", "changed", 1_784_721_600_000),
    ]
    assert found[13].question == Question("pass/cp0/x", ({"op": "remove", "path": "/label~1x"},))
