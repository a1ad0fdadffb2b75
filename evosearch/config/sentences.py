"""What pydantic found wrong, a sentence each: place, key path, what, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from evosearch.config.task import TaskConfig
from evosearch.config.yaml_text import KeyPath
from evosearch.errors import did_you_mean

_EXPECTED = {
    "int_type": "must be a whole number, without point or exponent",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "finite_number": "must be finite",
    "dict_type": "must be a group of keys",
    "model_type": "must be a group of keys",
    "tuple_type": "must be a list",
    "string_pattern_mismatch": "must be a plain name",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}

_VERY_NEAR = 0.7
"""A key so like a known one, of 1, that it is surely misspelt."""

_OF_A_KEY = "[key]"
"""Pydantic ends a path with it where the last key itself is wrong, not what it has."""


def sentences(
    error: ValidationError, tree: type[BaseModel], places: Mapping[KeyPath, str]
) -> list[str]:
    """One sentence for each problem of a `tree`; `places` says where keys were given.

    A key without a place has that of the nearest key above it; () has to have one.
    """
    found = []
    for problem in error.errors():
        path = tuple(problem["loc"])
        given = next(path[:n] for n in range(len(path), -1, -1) if path[:n] in places)
        key = f"{key_name(path)}: " if path else ""
        found.append(f"{places[given]}: {key}{_what(problem, tree, path)}")
    return found


def key_name(path: KeyPath) -> str:
    """The path as a user writes it: `tasks.0.arguments`."""
    return ".".join(str(part) for part in path if part != _OF_A_KEY)


def _what(problem: Mapping[str, Any], tree: type[BaseModel], path: KeyPath) -> str:
    kind, section = problem["type"], _section(tree, path[:-1])
    # None for an entry of a list and for an argument of a task.
    field = section.model_fields.get(str(path[-1])) if section and path else None
    meaning = f" ({field.description})" if field and field.description else ""
    if kind == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        return f"missing; add it{meaning}"
    if kind == "extra_forbidden":
        key, known = str(path[-1]), section.model_fields if section else ()
        # A task's own key is easily given as if it were one of the config.
        if section is TaskConfig and not get_close_matches(key, known, 1, _VERY_NEAR):
            own = key_name((*path[:-1], "arguments", key))
            return f"unknown key; known are {', '.join(known)}, and {own} for the task"
        return f"unknown key; {did_you_mean(key, known)}"
    message = problem["msg"].replace("Input should be", "must be")
    expected = _EXPECTED.get(kind, message)
    if path[-1:] == (_OF_A_KEY,):
        return f"its name {expected}: 1 to 64 letters (a to z), digits, - and _"
    return f"{expected}, but it is {_shown(problem['input'])}{meaning}"


def _shown(value: object) -> str:
    text = "null" if value is None else repr(value)
    text = text.lower() if isinstance(value, bool) else text
    return text if len(text) <= 60 else f"{text[:57]}..."


def _section(tree: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The part of the tree that a path leads to; None where it leaves the tree."""
    section = tree
    for part in path:
        if isinstance(part, int):
            continue
        field = section.model_fields.get(part)
        annotation = field.annotation if field else None
        if get_origin(annotation) is tuple:
            annotation = get_args(annotation)[0]
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return None
        section = annotation
    return section
