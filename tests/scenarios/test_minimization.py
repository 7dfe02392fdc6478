"""Nothing that records.md drops is stored, said, logged or packed.

Secrets are planted wherever such things stand; a completion, an escalation and each error are run by the real command
line; then store, output, logs, packets and heads are searched. That the search finds what is there is tested too, and
that each secret was there to be dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from tests.scenarios import planting
from tests.scenarios.apiserver_proxy import Answer, Deliver
from tests.scenarios.deadlines import prequalified_for
from tests.scenarios.planting import Plants
from tests.scenarios.talkative import Wire, refusal
from tests.scenarios.theatre import Theatre
from tests.scenarios.traces import Traces

from runbook_gate.configuration import Cluster, Opa
from runbook_gate.gate.sidecar import Sidecar

SUBMIT = ("submit", "task.yaml", "--submitter", "ci-platform")


@pytest.fixture
def plant() -> Plants:
    return Plants()


@pytest.fixture
def traces(theatre: Theatre, sidecar: Sidecar) -> Traces:
    return Traces(theatre, sidecar)


@pytest.fixture
def wire(theatre: Theatre, plant: Plants) -> Iterator[Wire]:
    """Everything is planted, and the executor, a ServiceAccount, reaches the API server through here."""
    planting.in_registers(theatre, plant)
    planting.in_namespace(theatre, plant)
    planting.in_pods(theatre, plant)
    with Wire.start_recording(theatre.folder / "wire", theatre.cluster.server) as wire:
        kubeconfig = planting.in_identity(theatre, plant, wire.kubeconfig())
        theatre.settings = theatre.settings.model_copy(update={"cluster": Cluster(kubeconfig=kubeconfig)})
        task = theatre.folder / "task.yaml"
        task.write_text(yaml.safe_dump(theatre.target.task("task-1")), encoding="utf-8")
        yield wire


def assert_nowhere(traces: Traces, plant: Plants) -> None:
    assert {place: found for place, secret in plant.secrets.items() if (found := traces.of(secret))} == {}


def assert_met(theatre: Theatre, plant: Plants, wire: Wire) -> None:
    """Each secret was in something that the executor read."""
    audit = theatre.cluster.server.audit_log.read_bytes()
    read = wire.seen + audit + b"".join(path.read_bytes() for path in theatre.files.values())
    never = {place for place, secret in plant.secrets.items() if secret.encode() not in read}
    assert never == {"image", "pull secret"}  # in the tenant's pod alone, which nobody may read


# --- runs ---


def test_a_completion(theatre: Theatre, traces: Traces, plant: Plants, wire: Wire) -> None:
    with planting.in_webhook(theatre, plant):
        assert traces.call(*SUBMIT) == 0
        assert traces.call("run", "task-1", "--plan") == 0
        assert traces.call("run", "task-1") == 0
    traces.ask_everything()
    bodies = [entry.body for entry in theatre.history().entries]
    [write] = [body for body in bodies if body.get("effect") == "patch_labels"]
    warned = write["patched"]["http"]["warnings"]
    assert (warned["existing_pods"], warned["others"]) == (True, 2)  # the webhook's, and the one that names the pod
    probes = next(body["servers"][0]["probes"] for body in bodies if body.get("effect") == "verify")
    assert "webhook_denied" in {(probe["http"]["message"] or {}).get("pattern") for probe in probes}
    assert_met(theatre, plant, wire)
    assert_nowhere(traces, plant)


def test_a_completion_by_a_worker_that_logs(theatre: Theatre, traces: Traces, plant: Plants, wire: Wire) -> None:
    with planting.in_webhook(theatre, plant):
        assert traces.call(*SUBMIT) == 0
        assert traces.call("work", "--until-empty", "--log", "json") == 0
    assert theatre.history().newest.kind == "completed"
    assert_met(theatre, plant, wire)
    assert_nowhere(traces, plant)


def test_an_escalation(theatre: Theatre, traces: Traces, plant: Plants, wire: Wire) -> None:
    def reverted(deliver: Deliver) -> Answer:
        answer = deliver()
        planting.revert_as_somebody(theatre, plant)
        return answer

    wire.plays.append(reverted)
    with planting.in_webhook(theatre, plant):
        assert traces.call(*SUBMIT) == 0
        assert traces.call("run", "task-1", "-o", "json") == 10
    traces.ask_everything()
    assert "other-controller" in str([entry.body for entry in theatre.history().entries])
    assert_met(theatre, plant, wire)
    assert_nowhere(traces, plant)


# --- errors ---


@pytest.mark.parametrize(
    ("status", "plain"), [(403, False), (404, False), (409, False), (422, False), (500, False), (500, True)]
)
def test_an_error_that_writes_are_answered_with(
    theatre: Theatre, traces: Traces, plant: Plants, wire: Wire, status: int, plain: bool
) -> None:
    wire.plays += [lambda _: refusal(plant, status, plain=plain)] * 2
    assert traces.call(*SUBMIT) == 0
    assert traces.call("run", "task-1", "-o", "json") == 10
    traces.ask("show", "task-1")
    assert str(status) in traces.said("stdout of run task-1 -o json")
    assert_nowhere(traces, plant)


@pytest.mark.parametrize("status", [401, 403, 500])
def test_an_error_that_reads_are_answered_with(
    theatre: Theatre, traces: Traces, plant: Plants, wire: Wire, status: int
) -> None:
    theatre.submit(**prequalified_for(4))
    wire.instead = lambda method, target: refusal(plant, status)
    assert traces.call("run", "task-1") == 10
    traces.ask("show", "task-1")
    traces.ask("doctor", "--namespace", theatre.namespace)
    assert plant("error message").encode() in wire.seen
    assert_nowhere(traces, plant)


@pytest.mark.parametrize("content", ["{password: %s, complete: yes}", "%s: [", "records: %s", '{"a": 1.5, "b": "%s"}'])
def test_a_register_that_is_malformed(theatre: Theatre, traces: Traces, plant: Plants, content: str) -> None:
    theatre.files["namespace_baseline"].write_text(content % plant("malformed register"))
    theatre.submit()
    assert traces.call("run", "task-1") == 10
    traces.ask_everything()
    assert_nowhere(traces, plant)


def test_no_decision(theatre: Theatre, traces: Traces, plant: Plants, wire: Wire) -> None:
    theatre.submit()
    theatre.settings = theatre.settings.model_copy(update={"opa": Opa(socket=theatre.folder / "nowhere.sock")})
    assert traces.call("run", "task-1") == 12
    assert traces.call("run", "task-1", "-o", "json") == 12
    traces.ask_everything()
    assert_nowhere(traces, plant)


def test_an_invalid_task(theatre: Theatre, traces: Traces, plant: Plants) -> None:
    good = theatre.target.task("task-1")
    everywhere = {field: [plant(f"task {field}")] for field in good}
    (theatre.folder / "task.yaml").write_text(yaml.safe_dump({**everywhere, "unknown": plant("unknown field")}))
    assert traces.call(*SUBMIT) == 2
    for field in (*good, "unknown"):
        assert f"task.yaml: {field} " in traces.said(f"stderr of {' '.join(SUBMIT)}")
    (theatre.folder / "task.yaml").write_text(f"{{ {plant('not YAML')} ]")
    assert traces.call(*SUBMIT, "-o", "json") == 2
    assert_nowhere(traces, plant)


def test_a_kubeconfig_and_a_configuration_that_are_wrong(theatre: Theatre, traces: Traces, plant: Plants) -> None:
    theatre.submit()
    file = theatre.folder / "odd"
    file.write_text(f"token: {plant('odd kubeconfig')}\nusers: 1")
    assert traces.call("run", "task-1", "--kubeconfig", str(file)) == 2
    for content in (
        "submitter = 1 # %s",
        "[cluster]\ncontext = ['%s']",
        "stroe = '%s'",
        "[opa]\nurl = 'https://x:%s@opa'",
        "%s",
    ):
        file.write_text(content % plant("odd configuration"))
        assert traces.call("--config", str(file), "--debug", "config", "show") == 2
    assert_nowhere(traces, plant)
