"""Foreign text adds nothing to a document: no heading, link, table column, HTML, line or hidden character.

Judged by a Markdown parser with CommonMark, GitHub's tables and strikethrough: the tokens of a document with foreign
text are those of the same document with a harmless word in its place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbook_gate.packet.escaping import LONGEST, code, compact, escape, table

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "# heading\n## another",
    "<script>alert(1)</script>",
    "<!-- comment",
    "![image](http://evil) [link](javascript:x) [ref]: http://evil",
    "https://evil.example www.evil.example someone@evil.example <https://evil>",
    "| another | column |",
    "a\\|b\\\\|c\\",
    "`code` ``two`` ```\nfence\n```",
    "*strong* **strong** _em_ __strong__ ~~gone~~ snake_case",
    "$x$ $$y$$ &lt; &#35; &amp;",
    "\x1b[2J\x00\u202eturned\u2066\u200bhidden\ufeff\u00ad\u2028line\u2029paragraph\r\nreturn\x85next",
    "- item\n1. item\n> quote\n    block\n---\n===",
    "x" * 2_000,
    " leading and trailing ",
    "`",
    "",
)
TEXT = st.text(max_size=60) | st.text(alphabet="\\`*_[]()<>|~$&#-+!:/.@w \n\ta", max_size=40) | st.sampled_from(HOSTILE)


def shape(document: str) -> list[Any]:
    """What a document is made of, without its words."""

    def one(token: Token) -> Any:
        return token.type, token.tag, dict(token.attrs), [one(child) for child in token.children or []]

    # Where text is interrupted by an escaped character, a parser may leave two pieces of text side by side.
    def joined(tokens: list[Any]) -> list[Any]:
        kept: list[Any] = []
        for kind, tag, attributes, children in tokens:
            if not (kept and kind == "text" and kept[-1][0] == "text"):
                kept.append((kind, tag, attributes, joined(children)))
        return kept

    return joined([one(token) for token in MARKDOWN.parse(document)])


def page(setting: Callable[[object], str], text: str) -> str:
    """Every place of the packet in which foreign text stands."""
    return "\n".join(
        [
            f"# Title {setting(text)}",
            "",
            f"Sentence {setting(text)} and {setting(text)}.",
            "",
            f"- **{code('code')}**: {setting(text)}. {setting(text)}",
            f"  - {code(text)} = {code(text)}",
            f"1. Step: {setting(text)}",
            "",
            table(["a", "b"], [["=", setting(text)], [code(text), "end"]]),
            "",
            "The end.",
        ]
    )


@pytest.mark.parametrize("setting", [escape, code], ids=["sentences", "values"])
@given(text=TEXT)
@example(text="a\\|b\\\\|c\\")
@example(text="www.evil.example")
def test_foreign_text_adds_nothing(setting: Callable[[object], str], text: str) -> None:
    made = page(setting, text)
    if setting is escape and not text.strip():
        return  # an empty sentence leaves no text at all, which is no addition
    assert shape(made) == shape(page(setting, "word"))
    assert len(made.splitlines()) == len(page(setting, "word").splitlines())


@given(text=TEXT)
def test_nothing_is_hidden_or_turned(text: str) -> None:
    for made in (escape(text), code(text)):
        assert not {
            character for character in made if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
        }


@given(text=st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=60))
def test_a_value_reads_as_it_is(text: str) -> None:
    inline = MARKDOWN.parseInline(f"is {code(text)}.")[0].children or []
    assert [token.content for token in inline if token.type == "code_inline"] == ([text] if text else ["  "])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_bare_address_in_a_sentence_is_no_link(text: str) -> None:
    told = escape(text)
    for linked in ("://", "@"):
        assert linked not in told.replace(f"\\{linked}", "")
    assert "www." not in told.lower()


@pytest.mark.parametrize(
    "text",
    [
        "Wait until 2026-07-01 (UTC); then - if all is well - submit a new task.",
        "1. is no list here, and neither is #1 or + or !",
        "labels {a: b} of namespace_baseline agree: 100 %",
    ],
)
def test_what_forms_no_markup_within_a_line_is_left_alone(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"b": [1, None, True], "a": "x"}, '`{"a":"x","b":[1,null,true]}`'),
        ("plain", "`plain`"),
        (None, "`null`"),
        (3, "`3`"),
        ("", "`  `"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("ü", "`ü`"),
    ],
)
def test_values_are_set_as_compact_json(value: object, told: str) -> None:
    assert code(value) == told


def test_long_text_is_cut_and_says_so() -> None:
    assert code("x" * (LONGEST + 7)) == f"`{'x' * LONGEST}… (7 more characters in the JSON packet)`"
    assert compact({"x": "y" * 900}).endswith('y"}')


def test_a_table_is_padded() -> None:
    assert table(["", "label"], [["≠", code("enforce|x")], ["=", "a"]]).splitlines() == [
        "|     | label       |",
        "|-----|-------------|",
        "| ≠   | `enforce¦x` |",
        "| =   | a           |",
    ]
