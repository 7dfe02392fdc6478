"""YAML, read as JSON that is written differently."""

from __future__ import annotations

import re
from typing import Any, Final, cast

import yaml

from runbook_gate.canonical import LARGEST_INTEGER
from runbook_gate.documents.problems import Limits, Reader

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_MOST_DIGITS: Final = len(str(LARGEST_INTEGER)) + 1
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_NOT_A_STRING_TO_ALL: Final = re.compile(  # YAML 1.1 and its type repository, YAML 1.2's core schema, PyYAML
    r"""~? | null | true | false | y | n | yes | no | on | off | = | <<
      | [-+]? (?: 0b[01_]+ | 0o[0-7_]+ | 0x[0-9a-f_]+ | [0-9][0-9_]* | \.inf | \.nan )
      | [-+]? [0-9][0-9_]* (?: : [0-5]?[0-9] )+ (?: \.[0-9_]* )?
      | [-+]? (?: \.[0-9_]+ | [0-9][0-9_]* \.? [0-9_]* ) (?: e [-+]? [0-9]+ )?
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?:
            (?: t | [ \t]+ ) [0-9]{1,2}:[0-9]{2}:[0-9]{2} (?: \.[0-9]* )?
            (?: [ \t]* (?: z | [-+][0-9]{1,2} (?: :[0-9]{2} )? ) )? )?""",
    re.VERBOSE | re.IGNORECASE,
)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_KEY: Final = object()


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark else ""


class _Open:
    """A list or mapping that is still being read."""

    def __init__(self, value: list[Any] | dict[str, Any]) -> None:
        self.value = value
        self.key: object = _NO_KEY

    @property
    def wants_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is _NO_KEY

    def add(self, value: Any) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        else:
            self.value[cast("str", self.key)] = value
            self.key = _NO_KEY


class YamlReader(Reader):
    """Builds the value from parser events, so that nothing is resolved or expanded by YAML's rules."""

    def __init__(self, source: str, limits: Limits) -> None:
        super().__init__(source, limits)
        self._documents: list[Any] = []
        self._stack = [_Open(self._documents)]

    def load(self, text: str, loader: Any = _LOADER) -> Any:
        """Read a document.

        Args:
            text: the document.
            loader: PyYAML's loader, of which only the parser is used.

        Returns:
            Its value.

        Raises:
            Malformed: if something is wrong with it.
        """
        try:
            for event in yaml.parse(text, Loader=loader):
                self._take(event)
        except yaml.YAMLError as error:
            raise self.fault("not_yaml", _line(getattr(error, "problem_mark", None))) from None
        if not self._documents:
            raise self.fault("empty")
        return self._documents[0]

    def _take(self, event: yaml.Event) -> None:
        where = _line(event.start_mark)
        if isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and self._documents:
            raise self.fault("several_documents", where)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, where)

    def _node(self, event: yaml.NodeEvent, where: str) -> None:
        if event.anchor is not None:  # an alias has it too
            raise self.fault("alias", where)
        if getattr(event, "tag", None) is not None:
            raise self.fault("tag", where)
        nested = isinstance(event, yaml.CollectionStartEvent)
        self.count(where, len(self._stack) - 1 + nested)
        parent = self._stack[-1]
        value = self._scalar(event, where) if isinstance(event, yaml.ScalarEvent) else None
        if parent.wants_key:
            self._key(parent, value, where)
        elif isinstance(event, yaml.ScalarEvent):
            parent.add(value)
        else:
            opened = _Open({} if isinstance(event, yaml.MappingStartEvent) else [])
            parent.add(opened.value)
            self._stack.append(opened)

    def _key(self, mapping: _Open, key: object, where: str) -> None:
        if not isinstance(key, str):
            raise self.fault("key_not_string", where)
        if key in cast("dict[str, Any]", mapping.value):
            raise self.fault("duplicate_key", where)
        mapping.key = key

    def _scalar(self, event: yaml.ScalarEvent, where: str) -> Any:
        text = self.string(event.value, where)
        if event.style:  # quoted or block: always a string
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > _MOST_DIGITS or abs(int(text)) > LARGEST_INTEGER:
                raise self.fault("big_integer", where)
            return int(text)
        if _NOT_A_STRING_TO_ALL.fullmatch(text):
            raise self.fault("ambiguous_scalar", where)
        return text
