"""Documents from outside: what is read, and how everything else is named."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runbook_gate.documents import Limits, Malformed, load_document
from runbook_gate.documents.problems import EXPLANATIONS
from runbook_gate.documents.strict_yaml import YamlReader
from runbook_gate.errors import InvalidDocument

SMALL = Limits(size=1000, depth=4, values=12)
LOADERS = [yaml.SafeLoader, yaml.CSafeLoader]

GOOD_YAML: dict[str, Any] = {
    "a: 1\nb: [true, false, null]\n": {"a": 1, "b": [True, False, None]},
    "- '1.30'\n- \"no\"\n- 'yes'\n- \"2026-07-01\"\n- ''\n": ["1.30", "no", "yes", "2026-07-01", ""],
    "k: |\n  no\n": {"k": "no\n"},
    "k: >-\n  1.30\n": {"k": "1.30"},
    "k: v1.30\n": {"k": "v1.30"},
    "k: 1.30.2\n": {"k": "1.30.2"},
    "k: 10.0.0.0/8\n": {"k": "10.0.0.0/8"},
    "k: 2026-W30\n": {"k": "2026-W30"},
    "k: -7\n": {"k": -7},
    "k: 9007199254740991\n": {"k": 9007199254740991},
    "k: nobody, nothing\n": {"k": "nobody, nothing"},
    "'1': x\n": {"1": "x"},
    "sch\u00f6n: \U0001f600\n": {"sch\u00f6n": "\U0001f600"},
    '"\\u00e9"\n': "\u00e9",
    "# a comment\n---\na: {b: {c: [x]}}\n...\n": {"a": {"b": {"c": ["x"]}}},
}
AMBIGUOUS = [
    "1.30", "1.", ".5", "1e3", "1.5e-3", "+1", "007", "0o7", "0x1F", "0b11", "1_000", "1:30", "190:20:30.15", "~",
    "Null", "NULL", "True", "TRUE", "no", "No", "yes", "on", "Off", "y", "N", ".inf", "-.INF", ".NaN", "=", "<<",
    "2026-07-01", "2026-7-1", "2026-07-01T00:00:00Z", "2026-07-01 00:00:00 +02:00", "-0o7", "08", "-.5",
]  # fmt: skip
BAD: list[tuple[str, bytes, str, str]] = [
    ("duplicate_key", b'{"a": {"b": 1, "b": 1}}', "/a/b", "a key twice"),
    ("duplicate_key", b'{"a": 1, "\\u0061": 2}', "/a", "a key twice, spelt differently"),
    ("duplicate_key", b"a: 1\nb: 2\na: 3\n", "line 3", "a key twice"),
    ("duplicate_key", b"a: 1\n'a': 3\n", "line 2", "a key twice, once in quotes"),
    ("float", b'{"a": [0, 1.5]}', "/a/1", "a fraction"),
    ("float", b"[1.0]", "/0", "a fraction of nothing"),
    ("float", b"[1e3]", "/0", "an exponent"),
    ("float", b"[-0.0]", "/0", "minus nothing"),
    ("float", b"[1e999]", "/0", "a number that reads as infinite"),
    ("not_finite", b"[NaN]", "/0", "NaN"),
    ("not_finite", b"[-Infinity]", "/0", "Infinity"),
    ("big_integer", b'{"a": 9007199254740992}', "/a", "an integer beyond"),
    ("big_integer", b"[-9007199254740992]", "/0", "a negative one"),
    ("big_integer", b"[" + b"9" * 900 + b"]", "/0", "a very long one"),
    ("big_integer", b"a: 9007199254740992", "line 1", "an integer beyond"),
    ("surrogate", b'{"a": "\\ud800"}', "/a", "half a pair"),
    ("surrogate", b'["\\udc00\\ud800"]', "/0", "a pair the wrong way round"),
    ("surrogate", b'{"\\ud800": 1}', "/(key 1)", "half a pair in a key"),
    ("not_utf8", b'{"a": "\xff"}', "", "a stray byte"),
    ("not_utf8", b"a: \xed\xa0\x80", "", "an encoded surrogate"),
    ("not_utf8", '{"a": 1}'.encode("utf-16"), "", "another encoding"),
    ("byte_order_mark", b"\xef\xbb\xbf{}", "", "a byte order mark"),
    ("not_json", b'{"a": 1,\n"b": x}', "line 2", "a bare word"),
    ("not_json", b"{'a': 1}", "line 1", "single quotes"),
    ("not_json", b'{"a": "\t"}', "line 1", "a raw control character"),
    ("not_json", b"{} {}", "line 1", "two values"),
    ("not_json", b'{"a": 01}', "line 1", "a leading zero"),
    ("not_yaml", b"a: b: c", "line 1", "not YAML"),
    ("not_yaml", b"a: ]", "line 1", "a stray bracket"),
    ("not_yaml", b"a: \x00", "", "a control character"),
    ("not_yaml", b"a:\n\t- 1", "line 2", "a tab"),
    ("empty", b"", "", "nothing"),
    ("empty", b"# only a comment\n", "", "a comment"),
    ("several_documents", b"a: 1\n---\nb: 2\n", "line 2", "two documents"),
    ("alias", b"a: &x 1\nb: *x\n", "line 1", "an anchor"),
    ("alias", b"a: *x\n", "line 1", "an alias to nothing"),
    ("alias", b"a: &x [*x]\n", "line 1", "a value inside itself"),
    ("tag", b"a: !!python/object/apply:os.system [id]\n", "line 1", "a tag that runs code"),
    ("tag", b"a: !!str 1\n", "line 1", "a tag of JSON's own types"),
    ("tag", b"a: ! 1\n", "line 1", "the tag without a name"),
    ("key_not_string", b"1: a\n", "line 1", "a number as key"),
    ("key_not_string", b"true: a\n", "line 1", "a boolean as key"),
    ("key_not_string", b"? [a]\n: b\n", "line 1", "a list as key"),
    ("key_not_string", b"? {a: b}\n: c\n", "line 1", "a mapping as key"),
    ("ambiguous_scalar", b"on: push\n", "line 1", "a key that some read as a boolean"),
    ("ambiguous_scalar", b"a: b\n<<: {c: d}\n", "line 2", "a merge key"),
    ("ambiguous_scalar", b"a:\nb: 1\n", "line 1", "nothing after a key"),
    ("too_large", b'"' + b"x" * 1000 + b'"', "", "too many bytes"),
    ("too_deep", b"[[[[[]]]]]", "/0/0/0/0", "too deep"),
    ("too_deep", b"- - - - - x", "line 1", "too deep"),
    ("not_json", b"[" * 900, "line 1", "never closed"),
    ("too_many_values", b"[0,0,0,0,0,0,0,0,0,0,0,0]", "/11", "too many values"),
    ("too_many_values", b"- 0\n" * 12, "line 12", "too many values"),
]


@pytest.mark.parametrize(
    ("problem", "raw", "where", "what"), BAD, ids=[f"{problem}: {what}" for problem, _, _, what in BAD]
)
def test_problems(problem: str, raw: bytes, where: str, what: str) -> None:
    with pytest.raises(Malformed) as refused:
        load_document(raw, source="exceptions", limits=SMALL)
    assert (refused.value.problem, refused.value.where) == (problem, where)
    assert isinstance(refused.value, InvalidDocument)


def test_every_problem_has_a_document_here() -> None:
    assert {problem for problem, *_ in BAD} == set(EXPLANATIONS)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", GOOD_YAML)
def test_yaml_that_means_the_same_to_everybody(text: str, loader: Any) -> None:
    assert YamlReader("t.yaml", Limits()).load(text, loader) == GOOD_YAML[text]
    assert load_document(text.encode(), source="t.yaml") == GOOD_YAML[text]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", AMBIGUOUS)
def test_yaml_that_does_not(text: str, loader: Any) -> None:
    for document in (f"k: {text}\n", f"- {text}\n", f"k: [{text}, x]\n"):
        with pytest.raises(Malformed) as refused:
            YamlReader("t.yaml", Limits()).load(document, loader)
        assert refused.value.problem == "ambiguous_scalar"


@given(st.text(st.sampled_from("0123456789.:-+_eExXoObBinfaINFAN~ynYNtTzZ<="), min_size=1, max_size=12))
def test_what_pyyaml_resolves_is_json_or_refused(text: str) -> None:
    if ": " in text or text.endswith(":") or text.startswith("- ") or text in ("-", "---"):
        return
    try:
        resolved = yaml.safe_load(f"[{text}]")
    except (yaml.YAMLError, ValueError, OverflowError):
        return
    if isinstance(resolved, list) and len(resolved) == 1 and not isinstance(resolved[0], str | dict):
        try:
            assert load_document(f"- {text}".encode(), source="t") == resolved
        except Malformed as refused:
            assert refused.problem in ("ambiguous_scalar", "big_integer")  # noqa: PT017 - either outcome is right


@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(), st.lists, max_leaves=20))
def test_json_is_read_as_json(value: Any) -> None:
    assert load_document(json.dumps({"k": value}).encode(), source="t") == {"k": value}
    assert load_document(json.dumps(value).encode(), source="t.json") == value


def test_the_first_character_or_the_suffix_makes_it_json() -> None:
    assert load_document(b' \r\n{"a": "no"}', source="t.yaml") == {"a": "no"}
    assert load_document(b'"no"', source="t.json") == "no"
    with pytest.raises(Malformed, match="not well-formed JSON"):
        load_document(b"a: 1", source="t.json")
    with pytest.raises(Malformed, match="not well-formed JSON"):
        load_document(b"{a: 1}", source="t.yaml")


@pytest.mark.parametrize(
    "raw",
    [b"[" * 500_000 + b"]" * 500_000, b"[" * 1_000_000, b"- " * 500_000, b"? " * 500_000, b'{"a":' * 200_000],
)
def test_deep_documents_cost_nothing(raw: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        load_document(raw, source="t")
    assert refused.value.problem in ("too_deep", "not_json", "key_not_string")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"token": "hunter2", "token": "hunter2"}',
        b'{"token": "hunter2\\ud800"}',
        b'{"token": "hunter2", "n": 1.5}',
        b'{"token": "hunter2" "hunter2"}',
        b'{"token": "hunter2\xff"}',
        b"token: hunter2\ntoken: hunter2\n",
        b"token: &hunter2 hunter2\n",
        b"token: !hunter2 hunter2\n",
        b"token: hunter2: hunter2\n",
        b"token: hunter2\nother: 1.30\n",
        b"[hunter2]: hunter2\n",
        b"token: hunter2\n---\ntoken: hunter2\n",
    ],
)
def test_no_message_holds_a_value(raw: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        load_document(raw, source="task.yaml")
    assert "hunter" not in "".join(map(str, [refused.value, refused.value.__dict__]))
    assert str(refused.value).startswith("task.yaml")
    shown = "".join(traceback.format_exception(refused.value))
    assert "hunter" not in shown


def test_odd_keys_are_not_shown() -> None:
    with pytest.raises(Malformed) as refused:
        load_document(b'{"a": {"x": 0, "two words": 1.5}}', source="t")
    assert refused.value.where == "/a/(key 2)"
