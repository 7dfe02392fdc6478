"""Where a key is configured, `submit` believes no parties data that the key did not sign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.cli.conftest import Call, call  # noqa: F401 - a fixture
from tests.gate.test_signature import Keys

from runbook_gate import resources
from runbook_gate.clock import SystemClock
from runbook_gate.configuration import Settings
from runbook_gate.demo.stage import Target
from runbook_gate.gate.build import Signing, build
from runbook_gate.stores import open_store

CONFIGURED = """
store = "ledger.sqlite"
bundle = "bundle.tar.gz"
submitter = "ci-platform"
[opa]
binary = "{opa}"
verification_key = "release.pem"
signing_alg = "ES256"
"""


@pytest.fixture
def submit(tmp_path: Path, opa_binary: Path, call: Call) -> Callable[[Keys | None], int]:  # noqa: F811
    """Submit a task with a bundle that these keys signed."""
    release = Keys(tmp_path, "release")
    (tmp_path / "runbook-gate.toml").write_text(CONFIGURED.format(opa=opa_binary), encoding="utf-8")
    task = Target("payments-prod", "a-uid", "a-cluster-uid").task("task-1")
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")

    def submit(other: Keys | None = release) -> int:
        signing = Signing(other.private, "ES256") if other else None
        bundle = build(resources.policies(), opa=opa_binary, signing=signing)
        (tmp_path / "bundle.tar.gz").write_bytes(bundle.raw)
        called = call("submit", "task.yaml")
        assert ("The bundle is not as key" in called.err) == (called.status != 0)
        return called.status

    return submit


def test_a_bundle_that_the_key_signed(tmp_path: Path, submit: Callable[[], int]) -> None:
    assert submit() == 0
    settings = Settings(store=tmp_path / "ledger.sqlite")
    with open_store(settings, clock=SystemClock(), read_only=True) as store:
        assert store.tasks.get("task-1").submission.assurance == "claimed"


@pytest.mark.parametrize("who", ["nobody", "another"])
def test_any_other_is_refused_and_nothing_is_recorded(
    tmp_path: Path, submit: Callable[[Keys | None], int], who: str
) -> None:
    assert submit(Keys(tmp_path, "another") if who == "another" else None) == 2
    assert not (tmp_path / "ledger.sqlite").exists()
