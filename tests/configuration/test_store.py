"""The setting `store`: a file, or the URL of a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_gate.configuration import load
from runbook_gate.errors import InvalidDocument, UsageFault
from runbook_gate.store_url import StoreUrl

FILE = Path("runbook-gate.toml")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://gate@db.example:6432/ledger", "postgresql://gate@db.example:6432/ledger?sslmode=verify-full"),
        ("postgresql://gate@db.example/ledger", "postgresql://gate@db.example:5432/ledger?sslmode=verify-full"),
        ("postgresql://gate@127.0.0.1/ledger", "postgresql://gate@127.0.0.1:5432/ledger?sslmode=prefer"),
        ("postgresql://gate@[::1]/l?sslmode=disable", "postgresql://gate@[::1]:5432/l?sslmode=disable"),
        ("postgresql://a%40b@localhost/l%2Fm", "postgresql://a%40b@localhost:5432/l%2Fm?sslmode=prefer"),
        ("postgresql://gate@/l?host=/run/pg", "postgresql://gate@:5432/l?host=/run/pg&sslmode=prefer"),
    ],
)
def test_a_url(given: str, kept: str) -> None:
    settings = load(store=given)
    assert isinstance(settings.store, StoreUrl)
    assert str(settings.store) == kept
    assert str(StoreUrl.read(kept)) == kept
    assert settings.model_dump(mode="json")["store"] == kept
    assert type(settings).model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("postgresql://gate:hunter2@localhost/l", "must have no password: name a file with it"),
        ("postgresql://gate@localhost/l?password=hunter2", "may have no other option than sslmode and host"),
        ("postgresql://gate@localhost/l?service=hunter2", "may have no other option"),
        ("postgresql://gate@db.example/l?sslmode=require", "must have sslmode=verify-full"),
        ("postgresql://gate@db.example/l?sslmode=hunter2", "must have one of disable"),
        ("postgresql://localhost/l", "must name a user"),
        ("postgresql://gate@localhost/", "must name a database"),
        ("postgresql://gate@/l", "must name a host"),
        ("postgresql://gate@localhost:hunter2/l", "must be postgresql://USER@HOST"),
        ("postgresql://gate@one,two/l", "must name a host"),
        ("postgresql://gate@localhost/l?host=/run/pg", "host=FOLDER only"),
        ("postgresql://gate@/l?host=run", "host=FOLDER only"),
    ],
)
def test_a_url_that_is_refused(given: str, told: str) -> None:
    with pytest.raises(InvalidDocument, match=told) as refused:
        load(store=given)
    assert "hunter2" not in str(refused.value)


def test_a_url_in_the_file_is_no_path_from_its_folder(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text('store = "postgresql://gate@localhost/l"\nstore_password_file = "secret"\n')
    settings = load(file)
    assert (str(settings.store), settings.store_password_file) == (
        "postgresql://gate@localhost:5432/l?sslmode=prefer",
        tmp_path / "secret",
    )
    with pytest.raises(UsageFault, match="in a file only"):
        _ = settings.store_file
