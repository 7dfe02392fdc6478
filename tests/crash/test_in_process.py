"""Every crash in memory: the shipped policies in a real OPA, a store, a cluster and a clock in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.crash.conftest import Stage
from tests.crash.figures import Figures
from tests.crash.matrix import Matrix
from tests.crash.ways import WAYS

Count = Callable[[str], Figures]
SHARDS = 4
QUICK = ("happy path", "first write lost")
SAMPLE = "a seeded sample of 9 pairs: make crash-matrix plays them all"


def matrix(stage: Stage, count: Count, way: str, title: str) -> Matrix:
    return Matrix(stage(WAYS[way]), WAYS[way], count(f"{title}, in process, {way}"))


@pytest.mark.parametrize("way", WAYS)
def test_a_way_that_nothing_disturbs(stage: Stage, way: str) -> None:
    counted = Matrix(stage(WAYS[way]), WAYS[way], Figures(way)).figures
    assert (counted.wrong, list(counted.ends)) == ([], [next(iter(WAYS[way].ends.values()))])


@pytest.mark.parametrize("way", [pytest.param(way, marks=[] if way in QUICK else pytest.mark.whole) for way in WAYS])
def test_a_crash_at_any_point(stage: Stage, count: Count, way: str) -> None:
    tried = matrix(stage, count, way, "one crash")
    tried.singles()
    assert tried.figures.wrong == []


@pytest.mark.usefixtures("sampled")
@pytest.mark.parametrize("way", WAYS)
def test_two_crashes_at_some_points(stage: Stage, count: Count, way: str) -> None:
    tried = matrix(stage, count, way, "two crashes")
    tried.figures.leave_out(SAMPLE)
    tried.sample(seed=20260721, firsts=3, seconds=3)
    assert tried.figures.wrong == []


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("way", WAYS)
def test_two_crashes_at_any_points(stage: Stage, count: Count, way: str, shard: int) -> None:
    tried = matrix(stage, count, way, "two crashes")
    tried.pairs(shard, SHARDS)
    assert tried.figures.wrong == []
