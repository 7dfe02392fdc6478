"""Whether the data of policies is as its schemas say, and names only what the policies hold.

Rego denies what it lacks, at run time. Here an author hears of it when a bundle is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from runbook_gate.errors import InvalidDocument
from runbook_gate.expectations import expectation, field
from runbook_gate.gate.bundle import Bundle
from runbook_gate.models.parties_document import PartiesDocument
from runbook_gate.models.runbook_document import RunbookDocument
from runbook_gate.policy.catalog import Catalog, catalog
from runbook_gate.policy.names import meant, unknown_names
from runbook_gate.shapes import mapping

_ADVICE: Final = "Correct the data and build again; schemas/runbook.json and schemas/parties.json describe every field."


def validate(bundle: Bundle, policies: Path, *, opa: Path) -> None:
    """Refuse policies whose data is not as it should be.

    Args:
        bundle: what they build to.
        policies: their folder, for messages.
        opa: the opa binary.

    Raises:
        InvalidDocument: one line for each fault, naming file, field and what was expected.
        EnvironmentFault: opa cannot be run.
    """
    found = [f"{_file(policies, place)}: {told}" for place, told in _faults(bundle.data, catalog(bundle, opa=opa))]
    if found:
        raise InvalidDocument("\n".join(found), advice=_ADVICE)


def _faults(data: Mapping[str, Any], known: Catalog) -> Iterator[tuple[str, str]]:
    """Each fault, after the folder of its data."""
    runbooks = mapping(data.get("runbooks"))
    if not runbooks:
        yield "runbooks", "there must be at least one runbook."
    for name, document in sorted(runbooks.items()):
        faults = list(_shape(RunbookDocument, document)) or unknown_names(document, known, runbooks)
        yield from ((f"runbooks/{name}", told) for told in faults)
    parties = data.get("parties")
    yield from (("parties", told) for told in _shape(PartiesDocument, parties))
    for name in mapping(mapping(parties).get("runbooks")):
        if name not in runbooks:
            yield "parties", f"{field(('runbooks', name))} is no runbook of these policies{meant(name, runbooks)}."


def _shape(model: type[BaseModel], document: object) -> Iterator[str]:
    try:
        model.model_validate(document)
    except ValidationError as fault:
        for error in fault.errors():
            near = meant(str(error["loc"][-1]), _fields(model)) if error["type"] == "extra_forbidden" else ""
            yield f"{field(error['loc']) or 'the data'} {expectation(error)}{near}."


def _fields(model: type[BaseModel]) -> set[str]:
    """Every field of a model and of those inside it."""
    schema = model.model_json_schema(by_alias=True)
    return {name for one in (schema, *schema.get("$defs", {}).values()) for name in one.get("properties", {})}


def _file(policies: Path, place: str) -> Path:
    files = [policies / place / name for name in ("data.yaml", "data.yml", "data.json")]
    return next((file for file in files if file.is_file()), policies / place)
