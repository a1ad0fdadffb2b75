"""YAML that surprises nobody: `no` is text, `1e-3` is a number, no key comes twice.

PyYAML follows YAML 1.1, where `no` is false, `1e-3` is text and `010` is eight. Here
plain scalars are read as the core schema of YAML 1.2 reads them, in decimal only, and
written so that they are read back the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from evosearch.errors import InputError

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list indices from the root of the tree, as in ("tasks", 0, "task")."""

_TAG = "tag:yaml.org,2002:"
_DIGITS = list("-+0123456789")
_FLOAT = r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"


@dataclass(frozen=True, slots=True)
class _Plain:
    """A kind of scalar without quotes: how it looks, and what it is in Python."""

    name: str
    pattern: str
    first: list[str]
    value: Callable[[str], object]


_PLAIN = (
    _Plain("null", r"null|~|", ["n", "~", ""], lambda text: None),
    _Plain("bool", r"true|false", ["t", "f"], lambda text: text == "true"),
    _Plain("int", r"[-+]?(0|[1-9][0-9]*)", _DIGITS, int),
    _Plain("float", _FLOAT, [*_DIGITS, "."], float),
)
_VALUES: dict[str, Callable[[str], object]] = {
    _TAG + "str": str,
    **{_TAG + kind.name: kind.value for kind in _PLAIN},
}


class _Loader(yaml.SafeLoader):
    """Resolves the scalars of `_PLAIN` only, and no aliases."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (PyYAML's own form)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            # The stubs leave peek_event without types.
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            problem = "found an alias (*), which a config may not have"
            raise ComposerError(problem=problem, problem_mark=mark)
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Quotes whatever `_Loader` would not read as text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (PyYAML's own form)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # In any other style PyYAML writes these line breaks as they are, and reads spaces.
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else None
    return dumper.represent_scalar(_TAG + "str", text, style=style)


_Dumper.add_representer(str, _represent_text)

for _class in (_Loader, _Dumper):
    for _kind in _PLAIN:
        _class.add_implicit_resolver(
            _TAG + _kind.name, re.compile(f"^(?:{_kind.pattern})$"), _kind.first
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document: its data, and the line (from 1) on which each value's key is."""

    data: object
    lines: dict[KeyPath, int] = field(default_factory=dict)


def read_yaml(text: str, source: str) -> Document:
    """Read one document; `source` names it in errors.

    Raises:
        InputError: no YAML, a key twice, or a key that is not text, with its line.
    """
    lines: dict[KeyPath, int] = {}
    try:
        node = yaml.compose(text, Loader=_Loader)
        return Document(None if node is None else _data(node, (), lines), lines)
    except yaml.YAMLError as error:
        raise InputError(f"{source}{_explain(error, text)}") from None
    except _Problem as problem:
        raise InputError(f"{source}, {problem}") from None
    except RecursionError:
        raise InputError(f"{source}: nested too deeply; make it flatter") from None


def write_yaml(data: object) -> str:
    """Print data of mappings, lists and scalars; `read_yaml` gives it back."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


class _Problem(Exception):
    """Something that YAML allows and a config does not: its line, and what it is."""


def _data(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        items = enumerate(node.value)
        return [_data(item, (*path, index), lines) for index, item in items]
    try:
        return _VALUES[node.tag](node.value)
    except (KeyError, ValueError):
        line = node.start_mark.line + 1
        raise _Problem(f"line {line}: {node.value!r} does not fit its tag") from None


def _mapping(
    node: yaml.MappingNode, path: KeyPath, lines: dict[KeyPath, int]
) -> dict[str, object]:
    data: dict[str, object] = {}
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if key_node.tag != _TAG + "str":
            raise _Problem(f"line {line}: a key must be text; put it in quotes")
        if key in data:
            first = lines[(*path, key)]
            raise _Problem(
                f"line {line}: {key} is here again, first on line {first}; keep one"
            )
        lines[(*path, key)] = line
        data[key] = _data(value_node, (*path, key), lines)
    return data


def _explain(error: yaml.YAMLError, text: str) -> str:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f", line {line}: a character that YAML forbids; remove it"
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f": {error}"
    mark = error.problem_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}"
    line_text = [*text.splitlines(), ""][mark.line]
    if "\t" in line_text[: mark.column + 1]:
        return f"{place}: a tab; indent with spaces"
    return f"{place}: {error.problem}; mend the YAML there"
