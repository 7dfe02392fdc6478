"""The kept sidecar: one for all runs, another for another bundle, and a new process for one that died or is deaf."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.scenarios.bundles import edited
from tests.scenarios.conftest import bundle  # noqa: F401 - fixture

from runbook_gate.configuration import Opa, Settings
from runbook_gate.errors import InvalidDocument, ServerFault, SidecarFault
from runbook_gate.gate.bundle import Bundle
from runbook_gate.gate.sidecar import Sidecar
from runbook_gate.working.warm import DEAF, WarmPolicies

RUNBOOK = "runbooks/MKS-PSA-Label-Restore-v3/data.yaml"


@pytest.fixture(scope="session")
def other(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The shipped policies with one number changed."""
    return edited(tmp_path_factory.mktemp("other"), opa_binary, {RUNBOOK: [("window: 60000", "window: 59000")]})


@pytest.fixture
def settings(tmp_path: Path, bundle: Bundle, opa_binary: Path) -> Settings:  # noqa: F811 - fixture
    (tmp_path / "bundle.tar.gz").write_bytes(bundle.raw)
    return Settings(bundle=tmp_path / "bundle.tar.gz", opa=Opa(binary=opa_binary, timeout_s=1))


@pytest.fixture
def warm(settings: Settings) -> Iterator[WarmPolicies]:
    with closing(WarmPolicies(settings)) as made:
        made.look()
        yield made


def served(warm: WarmPolicies) -> Sidecar:
    """The sidecar of a run of the configured bundle."""
    with warm.serving(warm.given()) as serving:
        assert serving.gate.revision()[1] == warm.given().content_sha256
        assert serving.started is not None
        return serving.started


def test_every_run_has_the_same_sidecar_and_connection(warm: WarmPolicies) -> None:
    assert warm.given() is warm.given()
    with warm.serving(warm.given()) as one, warm.serving(warm.given()) as other:
        assert one.started is other.started
        assert one.gate is other.gate


def test_a_run_that_another_bundle_governs_has_a_sidecar_of_its_own(warm: WarmPolicies, other: Bundle) -> None:
    with warm.serving(other) as serving:
        assert serving.gate.revision()[1] == other.content_sha256
        own = serving.started
    assert own is not None
    assert own is not served(warm)
    assert not own.process.running


def test_another_bundle_in_the_file_gets_another_sidecar_and_who_has_the_first_keeps_it(
    warm: WarmPolicies, settings: Settings, other: Bundle
) -> None:
    before = warm.given()
    assert settings.bundle is not None
    with warm.serving(before) as serving:
        first = serving.started
        settings.bundle.write_bytes(other.raw)
        warm.look()
        assert warm.given().content_sha256 == other.content_sha256
        second = served(warm)
        assert first is not None
        assert second is not first
        assert serving.gate.revision()[1] == before.content_sha256
    warm.look()
    assert not first.process.running


def test_a_bundle_that_is_broken_is_refused_and_comes_back(warm: WarmPolicies, settings: Settings) -> None:
    assert settings.bundle is not None
    raw, first = settings.bundle.read_bytes(), served(warm)
    settings.bundle.write_bytes(raw[:-20])
    for look in (warm.look, warm.given):
        with pytest.raises(InvalidDocument):
            look()
    settings.bundle.write_bytes(raw)
    warm.look()
    assert served(warm) is first


def test_a_question_waits_for_a_sidecar_that_died(warm: WarmPolicies) -> None:
    first = served(warm)
    pid = first.process.pid
    answered = threading.Event()

    def ask() -> None:
        assert served(warm) is first
        answered.set()

    first.process.kill()
    asking = threading.Thread(target=ask)
    asking.start()
    assert warm.needed.wait(30)  # who asks says that it is dead
    warm.look()
    asking.join(30)
    assert answered.is_set()
    assert first.process.pid != pid


def test_another_binary_is_never_taken_for_the_one_that_was_measured(
    settings: Settings, opa_binary: Path, tmp_path: Path
) -> None:
    binary = Path(shutil.copy(opa_binary, tmp_path / "opa"))
    opa = settings.opa.model_copy(update={"binary": binary})
    with closing(WarmPolicies(settings.model_copy(update={"opa": opa}))) as warm:
        warm.look()
        first = served(warm)
        first.process.kill()
        binary.rename(tmp_path / "before")
        binary.write_bytes(opa_binary.read_bytes() + b"\n")
        binary.chmod(0o755)
        warm.look()
        second = served(warm)
    assert second is not first
    assert second.binary_sha256 != first.binary_sha256


def test_a_sidecar_that_is_deaf_is_ended_and_started_again(warm: WarmPolicies) -> None:
    first = served(warm)
    pid = first.process.pid
    first.process.pause()
    for _ in range(DEAF):
        with pytest.raises(SidecarFault):
            warm.look()
    with pytest.raises(ServerFault):
        first.process.resume()
    warm.look()
    assert first.process.pid != pid
    served(warm)
