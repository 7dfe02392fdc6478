"""An audit log from its first event to its last: rotated, packed, damaged, growing, and big."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook_gate.audit import lines
from runbook_gate.audit.whole import WholeLog
from runbook_gate.errors import UsageFault

STAMPS = [f"2026-11-20T10-0{minute}-00.000" for minute in range(4)]


def event(number: int, minute: int = 0, **more: Any) -> bytes:
    stamp = f"2026-11-20T10:{minute:02}:00.000000Z"
    return json.dumps({"auditID": f"id-{number}", "stageTimestamp": stamp, **more}).encode() + b"\n"


def read(path: Path) -> tuple[list[str], WholeLog]:
    log = WholeLog(path)
    return sorted(one["auditID"] for one in log.read()), log


@pytest.fixture
def rotated(tmp_path: Path) -> Path:
    """A current log, one that was rotated, and one that was packed, a minute each; and what is none of them."""
    current = tmp_path / "audit.log"
    current.write_bytes(event(3, 3))
    (tmp_path / f"audit-{STAMPS[2]}.log").write_bytes(event(2, 2))
    (tmp_path / f"audit-{STAMPS[1]}.log.gz").write_bytes(gzip.compress(event(1, 1)))
    (tmp_path / "audit-old.log").write_bytes(event(9, 9))
    (tmp_path / f"other-{STAMPS[1]}.log").write_bytes(event(9, 9))
    return current


def test_every_file_of_a_log_is_read(rotated: Path) -> None:
    found, log = read(rotated)
    assert found == ["id-1", "id-2", "id-3"]
    assert (log.files, log.events, log.malformed) == (3, 3, 0)
    assert (log.first_ms, log.last_ms) == (1795168860000, 1795168980000)


@pytest.mark.parametrize("name", [f"audit-{STAMPS[2]}.log", f"audit-{STAMPS[1]}.log.gz"])
def test_a_rotated_file_names_its_log(rotated: Path, name: str) -> None:
    found, log = read(rotated.with_name(name))
    assert (found, log.path) == (["id-1", "id-2", "id-3"], rotated)


def test_rotated_files_without_a_current_one(rotated: Path) -> None:
    rotated.unlink()
    assert read(rotated.with_name(f"audit-{STAMPS[2]}.log"))[0] == ["id-1", "id-2"]
    with pytest.raises(UsageFault, match=r"audit\.log: No such file"):
        read(rotated)


def test_what_a_log_covers(rotated: Path) -> None:
    log = read(rotated)[1]
    first, last = 1795168860000, 1795168980000
    assert log.covers(first, last)
    assert not log.covers(first - 1, last)
    assert not log.covers(first, last + 1)
    assert not WholeLog(rotated).covers(first, last)


def test_a_log_that_is_rotated_while_it_is_read(rotated: Path) -> None:
    """What was current is read before the others are listed, so nothing falls between them."""

    def rotating(log: WholeLog) -> Iterator[str]:
        for one in log.read():
            yield one["auditID"]
            if one["auditID"] == "id-3" and not aside.exists():
                with rotated.open("ab") as out:
                    out.write(event(4, 4))
                rotated.rename(aside)
                rotated.write_bytes(event(5, 5))

    aside = rotated.with_name(f"audit-{STAMPS[3]}.log")
    assert {"id-1", "id-2", "id-3", "id-4"} == set(rotating(WholeLog(rotated)))


def test_lines_that_are_no_events_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    odd = [b"{torn\n", b"\n", b"[]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b'{"auditID": "x"}\n', b"1\n"]
    path.write_bytes(event(1) + b"".join(odd) + event(2))
    found, log = read(path)
    assert (found, log.malformed) == (["id-1", "id-2"], len(odd))


def test_a_line_that_is_being_written_is_none_yet(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(event(1) + event(2)[:-10])
    assert (read(path)[0], read(path)[1].malformed) == (["id-1"], 0)
    path.write_bytes(event(1) + event(2).rstrip())
    assert (read(path)[0], read(path)[1].malformed) == (["id-1", "id-2"], 0)


def test_a_line_longer_than_any_event_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 200)
    path = tmp_path / "audit.log"
    path.write_bytes(event(1) + event(2, note="x" * 100_000) + event(3))
    found, log = read(path)
    assert (found, log.malformed) == (["id-1", "id-3"], 1)


@pytest.mark.parametrize(
    "data", [gzip.compress(event(1) * 100)[:-20], b"not packed at all", b"\x1f\x8b\x08\x00" + b"x" * 50]
)
def test_a_damaged_packed_file_is_named(rotated: Path, data: bytes) -> None:
    packed = rotated.with_name(f"audit-{STAMPS[1]}.log.gz")
    packed.write_bytes(data)
    with pytest.raises(UsageFault, match=rf"{packed.name}: it is"):
        read(rotated)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Ten times the size needs no more memory."""
    peaks = []
    for count in (500, 5_000):
        path = tmp_path / f"{count}" / "audit.log"
        path.parent.mkdir()
        with path.open("wb") as out:
            for number in range(count):
                out.write(event(number, requestObject={"spec": "x" * 1_000}))
        tracemalloc.start()
        for _ in WholeLog(path).read():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 2
