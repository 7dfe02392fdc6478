"""The shipped runbooks' data is as schemas/runbook.json describes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from runbook_gate.models.runbook_document import RunbookDocument

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = sorted((ROOT / "policies/runbooks").glob("*/data.yaml"))


def test_there_are_three_revisions_and_the_newest_is_active() -> None:
    status = {path.parent.name[-2:]: yaml.safe_load(path.read_text())["status"] for path in RUNBOOKS}
    assert status == {"v1": "superseded", "v2": "superseded", "v3": "active"}


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.parent.name)
def test_a_runbook_s_data_is_as_its_schema_and_its_model_say(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    schema = json.loads((ROOT / "schemas/runbook.json").read_text())
    assert [error.json_path for error in Draft202012Validator(schema).iter_errors(document)] == []
    RunbookDocument.model_validate(document)


def test_a_misspelt_key_is_found() -> None:
    document = yaml.safe_load(RUNBOOKS[-1].read_text()) | {"retry_budgets": 3}
    schema = json.loads((ROOT / "schemas/runbook.json").read_text())
    assert not Draft202012Validator(schema).is_valid(document)
