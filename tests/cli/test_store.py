"""`store backup`, `store restore`: and after it, no older task writes again."""

from __future__ import annotations

from tests.cli.conftest import Call
from tests.cli.test_status import stop_at_once
from tests.fakes.runs import LittleWorld

from runbook_gate.ledger.restorations import REASON


def writes(world: LittleWorld) -> int:
    """How many times a namespace was written to."""
    return len([event for event in world.server.audit if event["verb"] == "patch" and not dry_run(event)])


def dry_run(event: object) -> bool:
    return "dryRun" in str(event)


def lose(world: LittleWorld) -> None:
    """The disk is gone."""
    for file in world.folder.glob("ledger.sqlite*"):
        file.unlink()


def revert(world: LittleWorld, namespace: str) -> None:
    """Somebody put the namespace back to what it was, so that it carries no marker of a write."""
    metadata = world.server.namespaces[namespace]["metadata"]
    metadata["labels"] = {name: value for name, value in metadata["labels"].items() if not name.startswith("pod-sec")}
    metadata["managedFields"] = []
    metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1000)


def test_a_backup_and_its_place(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    world.run("task-1")
    made = call("store", "backup", "backup.sqlite", "-o", "json")
    assert (made.status, made.document["result"], made.document["runs"]) == (0, "chain consistent", 1)
    assert call("ledger", "verify", "--store", "backup.sqlite").status == 0
    again = call("store", "backup", "backup.sqlite", "-o", "json")
    assert (again.status, again.document["error"]["message"]) == (2, "backup.sqlite is there already.")


def test_what_was_submitted_before_never_writes_again(call: Call, world: LittleWorld) -> None:
    """Between backup and loss each of these tasks wrote, and somebody took the labels away again since."""
    world.submit("queued", "payments-one")
    stop_at_once(world, "open", "payments-two")
    assert call("store", "backup", "backup.sqlite").status == 0
    for task in ("queued", "open"):
        assert world.run(task).outcome == "complete"
    assert writes(world) == 2
    lose(world)
    for namespace in ("payments-one", "payments-two"):
        revert(world, namespace)
    restored = call("store", "restore", "backup.sqlite", "-o", "json")
    assert (restored.status, restored.document["tasks"]) == (0, ["queued", "open"])
    assert call("unpause").out == "Not paused.\n"
    for task in ("queued", "open"):
        ended = world.run(task)
        with world.open() as store:
            assert store.runs.entries(ended.run)[-1].body["codes"] == ["target_clear.paused"]
        assert REASON in call("escalations", "show", str(ended.packet)).out
    assert writes(world) == 2
    assert call("ledger", "verify").status == 0


def test_without_a_mark_they_would_write_again(call: Call, world: LittleWorld) -> None:
    """What a file that is only copied back comes to; so the test above can fail."""
    world.submit("queued", "payments-one")
    assert call("store", "backup", "backup.sqlite").status == 0
    assert world.run("queued").outcome == "complete"
    lose(world)
    revert(world, "payments-one")
    (world.folder / "backup.sqlite").rename(world.settings.store_file)
    assert world.run("queued").outcome == "complete"
    assert writes(world) == 2


def test_a_task_that_is_submitted_afterwards_writes(call: Call, world: LittleWorld) -> None:
    world.submit("before", "payments-one")
    assert call("store", "backup", "backup.sqlite").status == 0
    lose(world)
    told = call("store", "restore", "backup.sqlite")
    assert "Not finished in it, and never to write again: before" in told.out
    world.submit("after", "payments-two")
    assert world.run("after").outcome == "complete"


def test_a_file_that_was_copied_back_can_be_marked(call: Call, world: LittleWorld) -> None:
    world.submit("before", "payments-one")
    assert call("store", "mark-restored", "--actor", "leah", "-o", "json").document["tasks"] == ["before"]
    with world.open() as store:
        [entry] = store.reading.journal(["restored"])
    assert (entry.actor, entry.body) == ("leah", {"backup_sha256": None, "tasks": ["before"]})
    assert world.run("before").outcome == "escalated"
    assert writes(world) == 0


def test_a_store_is_never_replaced(call: Call, world: LittleWorld) -> None:
    world.submit("task-1", "payments-one")
    assert call("store", "backup", "backup.sqlite").status == 0
    before = world.settings.store_file.read_bytes()
    refused = call("store", "restore", "backup.sqlite", "-o", "json")
    assert (refused.status, refused.document["error"]["exit_status"]) == (2, 2)
    assert "is there already" in refused.document["error"]["message"]
    assert "move this one away" in refused.document["error"]["advice"]
    assert world.settings.store_file.read_bytes() == before


def test_a_store_on_a_server_has_means_of_its_own(call: Call) -> None:
    for words in ("backup", "restore"):
        refused = call("store", words, "backup.sqlite", "--store", "postgresql://gate@127.0.0.1:1/gate", "-o", "json")
        assert refused.status == 2
        assert "a ledger in a file only" in refused.document["error"]["message"]
