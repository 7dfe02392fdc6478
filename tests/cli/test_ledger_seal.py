"""`ledger seal` and `ledger verify --seal`: what was sealed can be neither cut off nor written anew unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.cli.test_ledger_verify import tamper
from tests.export.conftest import key_pair
from tests.fakes.runs import LittleWorld
from tests.replay.replays import rewrite


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private and a public key."""
    return key_pair(tmp_path, "signer")


def run_of(world: LittleWorld, task: str) -> str:
    with world.open() as store:
        return str(store.tasks.status(task).run)


def test_sealed_up_to(call: Call, completed: LittleWorld, keys: tuple[Path, Path], tmp_path: Path) -> None:
    made = call("ledger", "seal", "--key", keys[0], "--out", "one.seal", "-o", "json").document
    assert (made["seq"], made["heads"], made["previous"]) == (1, 2, None)
    verified = call("ledger", "verify", "--seal", "one.seal", "--key", keys[1])
    assert verified.status == 0
    assert verified.out.endswith(f"\nResult: sealed by {made['key'][:16]} up to 1\n")
    completed.submit("task-3", "payments-three")
    completed.run("task-3")
    one = ("ledger", "verify", "--seal", "one.seal", "--key", keys[1], "--run")
    assert call(*one, run_of(completed, "task-1")).out.endswith("up to 15\n")
    assert call(*one, run_of(completed, "task-3")).out.endswith("Result: chain consistent, not sealed\n")
    again = call(
        "ledger", "seal", "--key", keys[0], "--out", "two.seal", "--previous", "one.seal", "-o", "json"
    ).document
    assert (again["seq"], again["heads"], again["previous"]) == (2, 3, made["sha256"])
    both = call("ledger", "verify", "--seal", "two.seal", "--seal", "one.seal", "--key", keys[1], "-o", "json").document
    assert (both["result"], len(both["seals"]), both["seals_wrong"]) == (f"sealed by {made['key'][:16]} up to 2", 2, [])


def test_a_chain_that_was_written_anew(call: Call, completed: LittleWorld, keys: tuple[Path, Path]) -> None:
    assert call("ledger", "seal", "--key", keys[0], "--out", "one.seal").status == 0
    with completed.open() as store:
        [run] = store.runs.list()
    rewrite(completed.settings.store_file, run.id, lambda fields: fields.update(actor="leah"))
    assert call("ledger", "verify").status in (0, 13)
    verified = call("ledger", "verify", "--seal", "one.seal", "--key", keys[1])
    assert (verified.status, "entries lost or rewritten" in verified.out) == (13, True)
    refused = call("ledger", "seal", "--key", keys[0], "--out", "two.seal", "--previous", "one.seal")
    assert (refused.status, Path("two.seal").exists()) == (13, False)


def test_the_newest_entry_of_the_stores_own_chain_cut_off(
    call: Call, completed: LittleWorld, keys: tuple[Path, Path]
) -> None:
    assert call("pause", "--reason", "look").status == 0
    assert call("ledger", "seal", "--key", keys[0], "--out", "one.seal").status == 0
    tamper(completed, "DELETE FROM journal WHERE seq = 2")
    tamper(completed, "UPDATE store SET seq = 1, head = (SELECT sha256 FROM journal WHERE seq = 1)")
    assert call("ledger", "verify").out.endswith("Result: chain consistent\n")
    assert call("ledger", "verify", "--seal", "one.seal", "--key", keys[1]).status == 13


def test_a_seal_that_is_not_what_it_was(
    call: Call, completed: LittleWorld, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    call("ledger", "seal", "--key", keys[0], "--out", "one.seal")
    (tmp_path / "other").mkdir()
    other = key_pair(tmp_path / "other", "other")
    refused = call("ledger", "verify", "--seal", "one.seal", "--key", other[1])
    assert (refused.status, "not signed by key" in refused.err) == (2, True)
    envelope = json.loads((tmp_path / "one.seal").read_text())
    spoiled = {**envelope, "payload": envelope["payload"][:-8] + "AAAA" + envelope["payload"][-4:]}
    (tmp_path / "spoiled.seal").write_text(json.dumps(spoiled))
    assert call("ledger", "verify", "--seal", "spoiled.seal", "--key", keys[1]).status == 2
    assert call("ledger", "verify", "--seal", "one.seal").status == 2
    assert call("ledger", "verify", "--key", keys[1]).status == 2
    assert call("ledger", "verify", "--seal", "runbook-gate.toml", "--key", keys[1]).status == 2


def test_seals_that_do_not_follow_each_other(call: Call, completed: LittleWorld, keys: tuple[Path, Path]) -> None:
    for name in ("one", "two"):
        call("ledger", "seal", "--key", keys[0], "--out", f"{name}.seal")
        call("pause", "--reason", name)
    told = call("ledger", "verify", "--seal", "one.seal", "--seal", "two.seal", "--key", keys[1])
    assert (told.status, "two.seal: the seal before it is not among these" in told.out) == (13, True)


def test_the_seal_of_another_ledger(
    call: Call, completed: LittleWorld, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    call("ledger", "seal", "--key", keys[0], "--out", "one.seal")
    call("pause", "--reason", "look", "--store", "other.sqlite")
    told = call("ledger", "verify", "--store", "other.sqlite", "--seal", "one.seal", "--key", keys[1])
    assert (told.status, "the seal of another ledger" in told.out) == (13, True)


def test_a_key_that_followed_another(
    call: Call, completed: LittleWorld, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    call("ledger", "seal", "--key", keys[0], "--out", "one.seal")
    (tmp_path / "next").mkdir()
    private, _ = key_pair(tmp_path / "next", "next")
    seal = ("ledger", "seal", "--key", private, "--out", "two.seal", "--previous", "one.seal")
    assert call(*seal).status == 2
    assert call(*seal, "--previous-key", keys[1]).status == 0
