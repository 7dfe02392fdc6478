"""What a run is measured against does the same: the namespace it was sent to is repaired."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bench.__main__ import PHASES
from tests.bench.bare import Bare
from tests.bench.recording import recorded
from tests.bench.shell import script
from tests.bench.spending import DURABLE, GATE, SERVER, medians, watched
from tests.bench.stage import stage

from runbook_gate.localcluster import find_tool

pytestmark = pytest.mark.scenario


def test_the_bare_calls_and_the_script_repair_a_namespace_too(tmp_path: Path) -> None:
    with stage(tmp_path) as place:
        target, settings = place.target()
        with recorded() as sent:
            finished, seconds = place.run(settings, place.submit(target))
        assert finished.outcome == "complete"
        assert 0 < seconds < 60

        second, third = place.target()[0], place.target()[0]
        port = int(place.cluster.server.url.rsplit(":", 1)[1])
        bare = Bare(port, place.cluster.server.ca_file, str(place.sidecar.address.socket))
        names = [(getattr(target, name).encode(), getattr(second, name).encode()) for name in ("namespace", "uid")]
        bare.run(sent, names, tmp_path / "appended", effects=6)
        bare.close()
        assert (tmp_path / "appended").stat().st_size == 6 * 4096

        # `true` in place of kubectl: not every machine has one, and what the script asks for is what matters here.
        by_hand = script(
            sent, tmp_path, target.labels, kubectl="true", kubeconfig=tmp_path / "none", opa=find_tool("opa")
        )
        subprocess.run(["sh", str(by_hand), third.namespace], check=True)
        assert by_hand.read_text().count(" eval ") == sum(one.gate for one in sent)
        assert "errors.txt" in by_hand.read_text()
        assert (tmp_path / "errors.txt").read_text() == ""

        place.require_repaired(second)
        with pytest.raises(AssertionError, match=f"{third.namespace} was not repaired: .*enforce"):
            place.require_repaired(third)


def test_what_a_run_is_made_of_is_counted_on_both_sides(tmp_path: Path) -> None:
    with stage(tmp_path) as place:
        target, settings = place.target()
        with recorded() as sent, watched() as spent:
            place.run(settings, place.submit(target))
    told = medians([spent])
    assert told[SERVER]["times"] == sum(not one.gate for one in sent)
    assert told[GATE]["times"] == sum(one.gate for one in sent)
    assert told[DURABLE]["times"] == told["transactions that write"]["times"] > 0


def test_a_process_says_where_its_time_went() -> None:
    done = subprocess.run([sys.executable, str(PHASES), "--version"], capture_output=True, text=True, check=True)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["imports"] > 0
    assert sum(told.values()) == pytest.approx(2 * told["in all"])
