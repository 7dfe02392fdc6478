"""What can happen where, as hypothesis draws it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.statemachine.acts import VALUES
from tests.statemachine.process import Incident
from tests.statemachine.world import NAMESPACES

from runbook_gate.demo.stage import REGISTERS

Act = tuple[str, tuple[Any, ...]]

# How many points of a kind a run of one attempt comes to, about.
_MOMENTS = {
    "begin": 26,
    "connect": 6,
    "answered": 24,
    "asked": 6,
    "opened": 1,
    "observed": 6,
    "decided": 6,
    "waiting": 2,
    "sleep": 25,
    "stopping": 36,
    "ended": 1,
}
namespaces = st.sampled_from(NAMESPACES)


def _act(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:
    return st.tuples(st.just(name), st.tuples(*arguments))


faults = _act(
    "fail",
    st.sampled_from(("refused", "timed_out", "lost", "not_sent")),
    st.booleans(),
    st.sampled_from((None, None, None, 429, 500, 503, 504)),
)
steps = st.sampled_from((-3_600_000, -20_000, -3_000, 3_000, 12_000, 70_000, 3_600_000))
spans = st.sampled_from((400, 1_000, 6_000, 11_000, 31_000, 61_000, 300_000, 960_000))
labels = _act("label", namespaces, st.sampled_from(tuple(VALUES)))
cluster = st.one_of(
    labels,
    labels,
    _act("recreate", namespaces),
    _act("terminate", namespaces),
    _act("audit", st.sampled_from(("answered", "unanswered", "unconfigured")), st.booleans()),
    _act("deliver"),
)
registers = st.one_of(
    _act("grant_waiver", namespaces, st.sampled_from(("open", "closed"))),
    _act("own", namespaces, st.sampled_from(("payments-settlement", "payments-ledger"))),
    _act("age", st.sampled_from((0, 0, 800_000, 1_000_000))),
    _act("mute", st.sampled_from(REGISTERS)),
    _act("unmute"),
)
clocks = st.one_of(_act("pass_time", spans), _act("step", steps))
people = st.one_of(_act("pause"), _act("unpause"), _act("acknowledge"))
acts = st.one_of(cluster, registers, clocks, people)
ends = st.sampled_from(("crash", "pause")).map(lambda name: (name, ()))


def _at(kind: str, points: int, happening: st.SearchStrategy[Act]) -> st.SearchStrategy[Incident]:
    made = st.tuples(st.integers(1, points), happening)
    return made.map(lambda drawn: Incident(kind, drawn[0], drawn[1][0], drawn[1][1]))


@st.composite
def _anywhere(draw: st.DrawFn) -> Incident:
    kind = draw(st.sampled_from(tuple(_MOMENTS)))
    return draw(_at(kind, _MOMENTS[kind], st.one_of(ends, ends, acts)))


# A write that needs a second attempt has one of these behind it.
around_the_write = st.one_of(
    _at("write", 1, ends),
    _at("write", 1, faults),
    _at("write", 2, faults),
    _at("write", 1, _act("hold")),
    _at("write", 1, acts),
    _at("written", 1, ends),
    _at("intended", 2, st.one_of(ends, acts)),
)
# The server did it, and the executor does not know.
unknown = _at(
    "write",
    1,
    st.sampled_from((("timed_out", True, None), ("lost", True, None), ("lost", True, 504))).map(
        lambda drawn: ("fail", drawn)
    ),
)
elsewhere = st.one_of(
    _anywhere(),
    _at("commit", 18, st.just(("crash", ()))),
    _at("send", 24, st.one_of(ends, faults, acts)),
    _at("ask", 6, st.one_of(ends, _act("other_opa"), _act("no_opa"), acts)),
    _at("register", 8, st.one_of(ends, _act("no_register"))),
    _at("audit", 3, ends),
    _at("stopping", 36, st.just(("stop", ()))),
    _at("stopping within", 2, st.sampled_from((("stop", ()), ("crash", ())))),
)
pauses = st.one_of(
    _at("write", 1, st.just(("pause", ()))),
    _at("intended", 1, st.just(("pause", ()))),
    *(_at(kind, points, st.just(("pause", ()))) for kind, points in _MOMENTS.items()),
)
incidents = st.one_of(
    st.tuples(around_the_write),
    st.tuples(elsewhere),
    st.tuples(around_the_write, elsewhere),
    st.tuples(around_the_write, elsewhere, elsewhere),
)
