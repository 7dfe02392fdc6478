"""What one store compiled, the next one finds; and it is asked with its own values, of its own file."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, select
from tests.fakes.clock import ManualClock
from tests.ledger.samples import EXECUTOR, whole_run

from runbook_gate.ledger import Store, tables
from runbook_gate.ledger.compiled import FOR_FILES, CompiledOnce


def runs_of(path: Path, number: int) -> list[str]:
    """The tasks of a store with one run."""
    with Store.open(path, clock=ManualClock(), executor=EXECUTOR, allow_unfit=True) as store:
        whole_run(store, number)
        assert store.verify().result == "chain consistent"
        return [run.task for run in store.runs.list()]


def test_a_second_store_compiles_nothing_anew(tmp_path: Path) -> None:
    assert runs_of(tmp_path / "first.sqlite", 1) == ["restore-psa-0001"]
    compiled = len(FOR_FILES)
    assert compiled > 10
    assert runs_of(tmp_path / "second.sqlite", 2) == ["restore-psa-0002"]
    assert len(FOR_FILES) == compiled


def test_another_kind_of_database_has_its_own() -> None:
    kept = CompiledOnce(10)
    urls = ("sqlite://", "sqlite://", "postgresql+psycopg://")
    dialects = [create_engine(url).dialect for url in urls]
    statement = select(tables.runs.c.id)
    kept[dialects[0], "key"] = statement.compile(dialect=dialects[0])
    assert [kept.get((dialect, "key")) is not None for dialect in dialects] == [True, True, False]
