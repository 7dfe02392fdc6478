"""One runbook revision in sections of rows, for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbook_gate.checkpoints import NAMES
from runbook_gate.policy.catalog import Catalog
from runbook_gate.policy.durations import seconds
from runbook_gate.policy.revision import matrix, tables
from runbook_gate.policy.vocabulary import LIMITS
from runbook_gate.shapes import mapping, sequence


@dataclass(frozen=True)
class Section:
    """One matter of a revision.

    Attributes:
        title: what it is about.
        header: of the columns.
        rows: cells in the order of the columns.
    """

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def sections(told: Mapping[str, Any], known: Catalog) -> list[Section]:
    """A revision in sections; what it has no data for is left out.

    Args:
        told: the document.
        known: the words of checks and codes.
    """
    data = told["data"]
    found = [
        Section("Checkpoints", ("checkpoint", "asked", "checks", "what follows"), list(_checkpoints(data))),
        Section(
            "Answers: every other code escalates", ("at", "code", "answer", "message"), list(_answers(data, known))
        ),
        Section("Agreement", ("field", "stated by"), [(field, ", ".join(by)) for field, by in matrix(data)]),
        Section("Registers", ("register", "source", "schema", "at most old"), list(_registers(data))),
        Section("Waivers and drift", ("matter", "rule"), list(_waivers(data))),
        Section("Write attempts", ("matter", "rule"), list(_attempts(data))),
        Section("Windows and deadlines", ("limit", "seconds"), list(_limits(data))),
        Section("Verification", ("matter", "rule"), list(_verification(data))),
        Section("Probes", ("probe", "creates", "pod", "shows that it is"), list(_probes(data))),
        Section("Overlays of the probes", ("where", "what they carry"), list(_overlays(told["overlays"], data))),
        Section("Ways to completion", ("way", "decisions"), list(_lineages(data))),
    ]
    return [section for section in found if section.rows]


def _checkpoints(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for step, checkpoint, table in tables(data):
        judges = f"after {table['judges']}" if table.get("judges") else "when the run is opened"
        stops = ", not past the deadline" if table.get("stops_at_deadline") else ""
        yield (
            f"{checkpoint} {NAMES[checkpoint]}" if checkpoint in NAMES else checkpoint,
            judges + stops,
            ", ".join(sequence(table.get("checks"))),
            "; ".join(_follows(table, step)),
        )


def _follows(table: Mapping[str, Any], step: str) -> Iterator[str]:
    for verdict, candidates in mapping(table.get("next")).items():
        yield f"{verdict}: {' or '.join(candidate(one, step) for one in sequence(candidates))}"


def candidate(one: Mapping[str, Any], step: str) -> str:
    """A candidate for the next action, in words."""
    other = f" of {one['step']}" if one.get("step") not in (None, step) else ""
    return f"{one['action']} -> {one['checkpoint']}{other}" if one.get("checkpoint") else str(one["action"])


def _answers(data: Mapping[str, Any], known: Catalog) -> Iterator[tuple[str, ...]]:
    for _, checkpoint, table in tables(data):
        for code, answer in mapping(table.get("answers")).items():
            yield checkpoint, code, answer, known.codes[code].title if code in known.codes else "no check says this"


def _registers(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, expected in mapping(data.get("registers")).items():
        yield name, expected["source_id"], expected["schema_id"], seconds(expected["max_age_ms"])


def _waivers(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    waivers = mapping(data.get("waivers"))
    if waivers:
        yield "closed waiver states", ", ".join(waivers["closed"])
        yield "register of waivers", waivers["register"]
    if data.get("drift"):
        yield "admitted drift", f"a live value that is {' or '.join(data['drift']['admit'])}"
    yield "labels", ", ".join(sequence(data.get("label_keys")))
    if data.get("reconcilers"):
        yield "not overruled", ", ".join(data["reconcilers"])
    if data.get("assurance"):
        yield "prequalification", f"assurance {' or '.join(data['assurance'])}"


def _attempts(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    budget = data["retry_budget"]
    yield "budget of each step", f"{budget} write attempt{'' if budget == 1 else 's'} in all"
    for name, words in (("retries", "decisions to retry"), ("conflicts", "conflicts that are tried again")):
        if data.get(name) is not None:
            yield words, f"at most {data[name]}"
    for kind, signals in mapping(data.get("outcomes")).items():
        yield f"raw signals: {kind}", ", ".join(signals)
    if data.get("outcomes"):
        yield "raw signals: final", "every other"
    if data.get("never_sent"):
        yield "certainly never applied", ", ".join(data["never_sent"])


def _limits(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield "deadline of a run", seconds(data["duration_ms"])
    limits = mapping(data.get("limits_ms"))
    for name, limit in limits.items():
        if name != "pause":
            yield LIMITS.get(name, name), seconds(limit)
    for checkpoint, pause in mapping(limits.get("pause")).items():
        yield f"pause of a wait at {checkpoint}", seconds(pause)


def _verification(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    if data.get("rounds") is not None:
        yield "good rounds in a row", str(data["rounds"])
    if data.get("audit"):
        yield "audit evidence of the probes", data["audit"]
    if data.get("absent"):
        yield "where a label is left out", f"{data['absent']['level']}:{data['absent']['version']}"
    for limit in sequence(data.get("verification_limits")):
        yield "not shown", limit


def _probes(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for probe in sequence(data.get("probes")):
        yield probe["name"], probe["resource"], probe["pod"], probe["shows"]


def _overlays(overlays: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    if not data.get("probes"):
        return
    yield "default", _carried(mapping(overlays.get("default")))
    for cluster, overlay in mapping(overlays.get("clusters")).items():
        yield cluster, _carried(mapping(mapping(overlay).get("default")))
        for namespace, carried in mapping(mapping(overlay).get("namespaces")).items():
            yield f"{cluster}, {namespace}", _carried(mapping(carried))


def _carried(overlay: Mapping[str, Any]) -> str:
    return ", ".join(_entry(key, value) for key, value in overlay.items() if value) or "nothing of its own"


def _entry(key: str, value: object) -> str:
    inner = mapping(value)
    return f"{key} {', '.join(f'{name}={one}' for name, one in inner.items())}" if inner else f"{key} {value}"


def _lineages(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for number, lineage in enumerate(sequence(data.get("lineages")), start=1):
        yield str(number), "; ".join(lineage)
