"""A packet folder that cannot be written: the run ended, its packet is safe, and asking again delivers it."""

from __future__ import annotations

from tests.scenarios import process
from tests.scenarios.theatre import Theatre


def test_the_same_command_again_delivers_the_packet(theatre: Theatre) -> None:
    theatre.state(waivers=({"id": "EXC-311", "status": "open"},))
    theatre.submit()
    folder = theatre.folder / "packets"
    folder.write_text("a file in its place")
    assert process.status(theatre, "run", "task-1") == 12
    with theatre.store() as store:
        [escalation] = store.escalations.list("open")
        assert store.runs.status(escalation.run).state == "escalated"
        assert store.verify().result == "chain consistent"
    folder.unlink()
    assert process.status(theatre, "run", "task-1") == 10
    assert [path.stem for path in theatre.packets()] == [escalation.id]
