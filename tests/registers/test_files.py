"""When a file is an answer, and when there is none."""

from __future__ import annotations

import os
from pathlib import Path

from runbook_gate.clock import SystemClock
from runbook_gate.registers.files import MAX_SIZE, FileRegisters
from runbook_gate.registers.protocol import RawAnswer


def read(path: Path) -> RawAnswer:
    return FileRegisters({"waivers": path}, SystemClock()).read("waivers")


def test_a_file_answers_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_bytes(b"planted")
    answer = read(path)
    assert (answer.outcome, answer.problem, answer.content) == ("answered", None, b"planted")
    assert abs(answer.read_at_ms - SystemClock().read().at_ms) < 5_000
    assert "planted" not in repr(answer)


def test_a_missing_file_is_an_answer(tmp_path: Path) -> None:
    assert (read(tmp_path / "none").outcome, read(tmp_path / "none").problem) == ("missing", "no_file")
    assert read(tmp_path / "none" / "deeper").outcome == "missing"


def test_a_register_without_a_path_is_missing() -> None:
    answer = FileRegisters({}, SystemClock()).read("waivers")
    assert (answer.outcome, answer.problem) == ("missing", "not_configured")


def test_a_folder_in_its_place_is_no_answer(tmp_path: Path) -> None:
    assert (read(tmp_path).outcome, read(tmp_path).problem) == ("unanswered", "not_a_file")


def test_a_pipe_in_its_place_is_no_answer_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe").outcome == "unanswered"


def test_a_file_in_place_of_its_folder_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert read(tmp_path / "file" / "waivers.yaml").outcome == "unanswered"


def test_a_loop_of_links_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert (read(tmp_path / "a").outcome, read(tmp_path / "a").problem) == ("unanswered", "not_readable")


def test_too_much_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_bytes(b" " * (MAX_SIZE + 1))
    answer = read(path)
    assert (answer.outcome, answer.problem, answer.content) == ("malformed", "too_large", None)
